import { isFailure } from '@holdfast/base';
import { CallRequest, JoinRequest, OrderId, RenewRequest, SyncRequest } from '@holdfast/model/fleet';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { AgentCaller } from '../../auth/caller.ts';
import type { Limiter } from '../../auth/limiter.ts';
import { checkPart } from '../request-check.ts';
import { joinPath, knowCallers } from './callers.ts';
import { cancelCall, callState, makeCall } from './calls.ts';
import { join } from './join.ts';
import type { AgentApiParts } from './parts.ts';
import { refusals } from './refusals.ts';
import { renew } from './renew.ts';
import { sync } from './sync.ts';

/** Inventories, the records of a restore, and its plan are larger than what people send. */
const bodyLimit = 8 * 1024 * 1024;
const CallParams = z.strictObject({ call: OrderId });
const WaitQuery = z.strictObject({ waitMs: z.coerce.number().int().min(0).max(55_000).default(0) });

/** Mounts `/agent/v1`: all but `join` is for who shows a certificate of a node that was not removed. */
export function mountAgentApi(
  app: FastifyInstance,
  parts: AgentApiParts & { readonly limiter: Pick<Limiter, 'join' | 'agent' | 'refused'> },
): void {
  const refused = refusals(parts);
  const callerOf = knowCallers(app, parts, parts.limiter);
  /** @param work what the request is for; its signal is aborted when the client is gone */
  const serve =
    (work: (caller: AgentCaller, request: FastifyRequest, gone: AbortSignal) => Promise<unknown>) =>
    async (request: FastifyRequest, reply: { raw: NodeJS.EventEmitter }): Promise<unknown> => {
      const caller = callerOf(request);
      const gone = new AbortController();
      reply.raw.once('close', () => gone.abort());
      try {
        return await work(caller, request, gone.signal);
      } catch (error) {
        if (isFailure(error)) await refused(caller, error);
        throw error;
      }
    };
  app.post(joinPath, { bodyLimit: 65_536 }, ({ body, ip }) => join(parts, check(JoinRequest, body), ip));
  app.post(
    '/agent/v1/renew',
    { bodyLimit: 65_536 },
    serve((caller, { body }) => renew(parts, caller, check(RenewRequest, body))),
  );
  app.post(
    '/agent/v1/sync',
    { bodyLimit },
    serve((caller, { body }, gone) => sync(parts, caller, check(SyncRequest, body), gone)),
  );
  app.post(
    '/agent/v1/calls',
    { bodyLimit },
    serve((caller, { body }) => makeCall(parts, caller, check(CallRequest, body))),
  );
  app.get(
    '/agent/v1/calls/:call',
    serve((caller, { params, query }, gone) => {
      const { call } = checkPart('params', CallParams, params) as z.infer<typeof CallParams>;
      const { waitMs } = checkPart('query', WaitQuery, { ...(query as object) }) as z.infer<typeof WaitQuery>;
      return callState(parts, caller, call, waitMs, gone);
    }),
  );
  app.delete(
    '/agent/v1/calls/:call',
    serve(async (caller, { params }) => {
      const { call } = checkPart('params', CallParams, params) as z.infer<typeof CallParams>;
      await cancelCall(parts, caller, call);
      return {};
    }),
  );
}

function check<Schema extends z.ZodType>(schema: Schema, body: unknown): z.infer<Schema> {
  return checkPart('body', schema, body) as z.infer<Schema>;
}
