import { Failure } from '@holdfast/base';
import { isAllowed, type Operation, type RestoreRequest } from '@holdfast/model/fleet';
import type { Caller } from '../../auth/caller.ts';
import type { Asked, Handlers } from '../handler.ts';
import { askerOf, type OperationParts } from './operations.ts';

/** The routes of restores, and of the restart of nodes that follows them. */
export function restoreHandlers({
  operations,
}: OperationParts): Handlers<
  | 'planRestore'
  | 'beginRestore'
  | 'resumeRestore'
  | 'abortRestore'
  | 'rollbackRestore'
  | 'releaseRestore'
  | 'restartNodes'
> {
  const again =
    (verb: 'resume' | 'abort' | 'rollback' | 'release') =>
    async ({
      params,
      body,
      caller,
      note,
    }: Pick<Asked<'resumeRestore'>, 'params' | 'caller' | 'note'> &
      Partial<Pick<Asked<'resumeRestore'>, 'body'>>): Promise<Operation> => {
      const { attest = [] } = body ?? {};
      const operation = await operations.again(askerOf(caller), params.operation, { verb, attest });
      note(attest.length > 0 ? { attest } : {}, { cluster: operation.cluster });
      return operation;
    };
  return {
    planRestore: async ({ params, body, caller, note }) => {
      refuseForeign(caller, body);
      const operation = await operations.plan(askerOf(caller), { cluster: params.cluster, request: body });
      const { attest, skips } = body;
      note({ attest, skips }, { of: operation.id });
      return operation;
    },
    beginRestore: async ({ params, body, caller, note }) => {
      const wanted = { cluster: params.cluster, ...body };
      const operation = await operations.restore(askerOf(caller), wanted);
      note({ plan: body.plan, hash: body.hash }, { of: operation.id });
      return operation;
    },
    restartNodes: async ({ params, body, caller, note }) => {
      const wanted = { cluster: params.cluster, only: body.nodes ?? null };
      const operation = await operations.restartNodes(askerOf(caller), wanted);
      note({ nodes: wanted.only }, { of: operation.id });
      return operation;
    },
    resumeRestore: again('resume'),
    abortRestore: again('abort'),
    rollbackRestore: again('rollback'),
    releaseRestore: again('release'),
  };
}

/**
 * The data of another cluster, or what may be that, is brought into this one by whoever may restore in all: whoever may in
 * this one alone would read it there.
 *
 * @throws Failure not-allowed
 */
function refuseForeign({ grants }: Caller, { clone, skips }: RestoreRequest): void {
  const mayBeForeign = clone || skips.some(({ check }) => check === 'P2');
  if (!mayBeForeign || isAllowed(grants, 'restore', null)) return;
  const why = 'a snapshot of another cluster is restored by who may restore in all of them';
  throw new Failure('not-allowed', why, { permission: 'restore', cluster: null });
}
