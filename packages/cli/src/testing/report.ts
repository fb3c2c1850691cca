import type { RestoreReport } from '@holdfast/model';
import { fixedPlan } from './plan.ts';

/** The report of a fixed plan that was carried out, a minute after it was made; its hash is no real one. */
export function fixedReport(more: Partial<RestoreReport> = {}): RestoreReport {
  const { id, source, loss, skips, hash, by, checks } = fixedPlan();
  return {
    apiVersion: 'holdfast.dev/v1',
    kind: 'RestoreReport',
    id,
    holdfast: '0.1.0',
    planHash: hash,
    cluster: { name: 'prod', oldId: 'cdf818194e3a8c32', newId: 'f00dfeedf00dfeed' },
    way: 'snapshot',
    strategy: 'all',
    source,
    sourceSha256: 'ab'.repeat(32),
    loss,
    outcome: 'finished',
    why: '',
    warnings: [],
    by,
    takenBy: [],
    startedAt: '2026-11-20T09:15:00Z',
    endedAt: '2026-11-20T09:15:42Z',
    durationMs: 42_000,
    backAt: null,
    downtimeMs: 12_000,
    controlPlane: [],
    apiDowntimeMs: null,
    revision: 1_000_001_000,
    hashKv: { revision: 1_000_001_000, hash: 123_456 },
    steps: [],
    checks,
    skips,
    kept: [{ member: 'm1', path: `/var/lib/etcd/member.pre-${id}` }],
    hash,
    ...more,
  };
}
