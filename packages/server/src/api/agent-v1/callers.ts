import type { TLSSocket } from 'node:tls';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { AgentCaller } from '../../auth/caller.ts';
import type { Limiter } from '../../auth/limiter.ts';
import { agentCaller } from '../../pki/agent-caller.ts';
import type { AgentApiParts } from './parts.ts';

/** What is asked without a certificate. */
export const joinPath = '/agent/v1/join';

/**
 * Looks who asks before the body of a request is read, and whether they ask too often: who joins by the address, who has
 * joined by the node, and whoever shows a certificate that is not valid by the address again.
 *
 * @returns who makes a request that was let in
 */
export function knowCallers(
  app: FastifyInstance,
  { context: { clock }, authority }: Pick<AgentApiParts, 'context' | 'authority'>,
  limiter: Pick<Limiter, 'join' | 'agent' | 'refused'>,
): (request: FastifyRequest) => AgentCaller {
  const callers = new WeakMap<FastifyRequest, AgentCaller>();
  app.addHook('onRequest', async (request) => {
    const { ip, routeOptions, raw } = request;
    if (routeOptions.url === joinPath) return limiter.join(ip);
    let caller: AgentCaller;
    try {
      caller = agentCaller({ clock, authority }, raw.socket as TLSSocket, ip);
    } catch (error) {
      limiter.refused(ip);
      throw error;
    }
    limiter.agent(caller.node);
    callers.set(request, caller);
  });
  return (request) => callers.get(request)!;
}
