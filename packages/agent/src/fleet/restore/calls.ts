import { CallReply, CallState, type CallRequest } from '@holdfast/model/fleet';
import { z } from 'zod';
import type { ServerConnection } from '../connection.ts';

/** How the leader of a restore has other nodes do something. Each throws server-unreachable while nobody answers. */
export interface Calls {
  /** Asked again with the same key it makes no second one. @returns the call's id */
  begin(request: CallRequest, signal: AbortSignal): Promise<string>;
  /** How it stands; answered once it has ended, or after `waitMs` milliseconds. */
  state(call: string, waitMs: number, signal: AbortSignal): Promise<CallState>;
  /** Has it given up. */
  end(call: string, signal: AbortSignal): Promise<void>;
}

/** Calls by way of the server. @param connection the one in use: it changes with the certificate */
export function serverCalls(connection: () => ServerConnection): Calls {
  return {
    async begin(body, signal) {
      const { call } = await connection().ask({
        ...{ method: 'POST', path: '/agent/v1/calls', body },
        ...{ reply: CallReply, signal },
      });
      return call;
    },
    state: (call, waitMs, signal) =>
      connection().ask({
        ...{ method: 'GET', path: `/agent/v1/calls/${encodeURIComponent(call)}?waitMs=${waitMs}` },
        ...{ reply: CallState, signal },
      }),
    async end(call, signal) {
      await connection().ask({
        ...{ method: 'DELETE', path: `/agent/v1/calls/${encodeURIComponent(call)}` },
        ...{ reply: z.unknown(), signal },
      });
    },
  };
}
