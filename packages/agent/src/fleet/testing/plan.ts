import type { RestorePlan } from '@holdfast/model';
import { testId } from '../../steps/test-restore.ts';
import { testMember } from '../../steps/test-restore.ts';

/** A plan of one member that nobody carries out. */
export function plannedOf(): RestorePlan {
  return {
    ...{ apiVersion: 'holdfast.dev/v1', kind: 'RestorePlan', id: testId, holdfast: '0', why: '' },
    createdAt: '2026-01-01T00:00:00.000Z',
    cluster: { name: 'prod', oldId: null },
    ...{ way: 'snapshot', strategy: 'all', seed: null, token: 'restored', bump: null },
    source: { kind: 'quorum', size: 0, revision: 1 },
    expected: { clusterId: null, revision: null },
    members: [testMember('/nowhere')],
    ...{ controlPlane: [], checks: [], skips: [], estimateMs: 0, by: 'tester@here' },
    loss: { revisions: null, since: null, objects: null, why: '' },
    steps: [
      {
        ...{ number: 1, phase: 'Shutdown', kind: 'keep', member: 'm1', does: 'keeps' },
        ...{ undone: null, final: false, limitMs: 60_000, estimateMs: 0 },
      },
    ],
    hash: '0'.repeat(64),
  };
}
