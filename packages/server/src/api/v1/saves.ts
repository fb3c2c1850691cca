import { Failure } from '@holdfast/base';
import type { Handlers } from '../handler.ts';
import { askerOf, type OperationParts } from './operations.ts';

/** The routes that ask for saves, and for what is done with snapshots. */
export function saveHandlers({
  context,
  operations,
}: OperationParts): Handlers<
  'saveSnapshot' | 'verifySnapshot' | 'drillSnapshot' | 'deleteSnapshot' | 'runPolicy'
> {
  return {
    saveSnapshot: async ({ params, body, caller }) =>
      await operations.save(
        { ...askerOf(caller), ...(body.preUpgrade && { trigger: 'pre-upgrade' }) },
        {
          cluster: params.cluster,
          policy: null,
          repositories: body.repositories ?? null,
          name: body.name ?? null,
          scheduledFor: null,
        },
      ),
    verifySnapshot: async ({ params, caller }) =>
      await operations.onSnapshot(askerOf(caller), 'verify', { ...params, reason: '' }),
    drillSnapshot: async ({ params, caller }) =>
      await operations.onSnapshot(askerOf(caller), 'drill', { ...params, reason: '' }),
    deleteSnapshot: async ({ params, query, caller, note }) => {
      note({ snapshot: params.snapshot, reason: query.reason });
      return await operations.onSnapshot(askerOf(caller), 'delete', { ...params, reason: query.reason });
    },
    runPolicy: async ({ params, caller }) => {
      const stored = await context.store.policies.get(params.cluster, params.policy);
      if (stored === undefined)
        throw new Failure('policy-unknown', 'it was never made, or was removed', { policy: params.policy });
      const { policy } = stored;
      const wanted = { cluster: params.cluster, policy, repositories: null, name: null, scheduledFor: null };
      return await operations.save(askerOf(caller), wanted);
    },
  };
}
