import type { FleetSnapshot } from '@holdfast/model/fleet';
import { expect, test } from 'vitest';
import { isOver } from './is-over.ts';
import { cluster, person, World } from './testing/world.ts';

const isDone = ({ state }: { state: string }): boolean => isOver(state as 'failed');
const asked = { cluster, snapshot: 'main:snap-1', reason: '' };
const at = '2026-11-22T09:00:00.000Z';

const stored: FleetSnapshot = {
  ...{ id: 'main:snap-1', name: 'snap-1', cluster, repository: 'main', repositoryCluster: 'of-main' },
  ...{ state: 'stored', drilledAt: null, degraded: false, trusted: true, sealed: false, trigger: 'manual' },
  ...{ policy: null, revision: 1, etcdVersion: '3.6.16', kubernetesVersion: null, node: null, member: 'm1' },
  ...{ size: 1, storedBytes: 1, sha256: 'a'.repeat(64), startedAt: at, finishedAt: at },
  ...{ pinned: false, missing: false },
};

const evidence = (outcome: 'passed' | 'failed') => ({
  apiVersion: 'holdfast.dev/v1',
  kind: 'Evidence',
  ...{ snapshot: 'snap-1', at, holdfast: '0.1.0', durationMs: 5, outcome },
  checks: [{ check: 'sha256', outcome, detail: 'it is another one' }],
  ...{ status: null, pages: null, buckets: null },
});

const drill = (outcome: 'passed' | 'failed') => ({
  apiVersion: 'holdfast.dev/v1',
  kind: 'DrillReport',
  snapshot: {
    name: 'snap-1',
    cluster: { id: '0b0f6d1e-54b6-4d6e-9a55-0c5d5a2f5a11', name: 'prod' },
    ...{ sha256: 'a'.repeat(64), size: 1, revision: 1, takenAt: at },
  },
  ...{ at, holdfast: '0.1.0', etcd: '3.6.16', outcome },
  failed: outcome === 'passed' ? null : { check: 'start', code: null, reason: 'it does not start' },
  checks: [],
  times: { restoreMs: 1, startMs: 1, questionsMs: 1, totalMs: 3 },
  hash: 'b'.repeat(64),
});

test.each([
  ['verify', evidence('passed'), 'succeeded', null, undefined],
  ['verify', evidence('failed'), 'failed', 'snapshot-damaged', undefined],
  ['drill', drill('passed'), 'succeeded', null, at],
  ['drill', drill('failed'), 'failed', 'drill-failed', undefined],
] as const)(
  '%s: what was found is told, and the catalogue looks at the snapshot: %#',
  async (kind, result, state, code, drilledAt) => {
    await using world = await World.make();
    await world.store.snapshots.put({ cluster, repository: 'main' }, [stored], 'whole');
    world.script = () => ({ outcome: 'done', result });
    const { operations } = world.start();
    const { id } = await operations.onSnapshot(person, kind, asked);
    const operation = await world.until(id, isDone);
    expect({ state: operation.state, code: operation.failure?.code ?? null }).toEqual({ state, code });
    expect(world.refreshed).toEqual([
      ['main:snap-1', ...(drilledAt === undefined ? [] : [drilledAt])].join(' '),
    ]);
  },
);
