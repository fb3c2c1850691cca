import type { ServerContext } from '../../context.ts';
import { followEvents, waitForEnd } from '../../operations/follow.ts';
import type { Asker, Operations } from '../../operations/operations.ts';
import type { Caller } from '../../auth/caller.ts';
import { clustersSeen } from '../clusters-seen.ts';
import type { Handlers } from '../handler.ts';

/** What the handlers of operations, restores and saves work with. */
export interface OperationParts {
  readonly context: ServerContext;
  readonly operations: Operations;
}

/** A person who asks for something. */
export function askerOf({ name }: Caller): Asker {
  return { by: name, trigger: 'manual' };
}

/** The routes that tell of operations, allow them and give them up. */
export function operationHandlers({
  context,
  operations,
}: OperationParts): Handlers<
  'approveOperation' | 'cancelOperation' | 'listOperations' | 'getOperation' | 'followOperation'
> {
  return {
    approveOperation: async ({ params, caller, note }) => {
      const operation = await operations.approve(askerOf(caller), params.operation);
      note({}, { cluster: operation.cluster });
      return operation;
    },
    cancelOperation: async ({ params, body, caller, note }) => {
      const operation = await operations.cancel(askerOf(caller), params.operation, body.reason);
      note({ reason: body.reason }, { cluster: operation.cluster });
      return operation;
    },
    listOperations: async ({ query, caller }) => {
      const { cluster, kind, state, limit, after } = query;
      const seen = clustersSeen(caller);
      const clusters =
        cluster === undefined ? seen : seen === null || seen.includes(cluster) ? [cluster] : [];
      const { items, next } = await context.store.operations.list({ clusters, kind, state, limit, after });
      return { items: [...items], next };
    },
    getOperation: async ({ params, query, signal }) =>
      await waitForEnd(context, params.operation, query.waitMs, signal),
    followOperation: ({ params, lastEvent, signal }) =>
      followEvents(context, params.operation, lastEvent === null ? 0 : lastEvent + 1, signal),
  };
}
