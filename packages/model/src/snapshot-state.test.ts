import { expect, test } from 'vitest';
import type { Evidence } from './evidence.ts';
import type { SnapshotManifest } from './manifest.ts';
import { newestVerified, snapshotState } from './snapshot-state.ts';

const evidence = (at: string, outcome: Evidence['outcome']): Evidence => ({
  apiVersion: 'holdfast.dev/v1',
  kind: 'Evidence',
  snapshot: 's',
  at,
  holdfast: '0.1.0',
  durationMs: 1,
  outcome,
  checks: [],
  status: null,
  pages: null,
  buckets: null,
});

test.each([
  ['nothing checked', [], 'stored'],
  ['checked but not against the live member', [evidence('2026-01-01T00:00:00Z', 'incomplete')], 'stored'],
  ['passed', [evidence('2026-01-01T00:00:00Z', 'passed')], 'verified'],
  [
    'rotted since',
    [evidence('2026-01-02T00:00:00Z', 'failed'), evidence('2026-01-01T00:00:00Z', 'passed')],
    'damaged',
  ],
] as const)('%s', (_, all, state) => {
  expect(snapshotState([...all])).toBe(state);
});

const saved = (name: string, trigger: SnapshotManifest['trigger'], finishedAt: string) => ({
  state: 'verified' as const,
  trust: { trusted: true },
  manifest: {
    name,
    trigger,
    quorum: { state: 'healthy', reasons: [] },
    times: { startedAt: finishedAt, finishedAt },
  } as unknown as SnapshotManifest,
});

test('what was saved right before a restore is not the newest to be trusted', () => {
  const nightly = saved('nightly', 'manual', '2026-01-01T00:00:00Z');
  const guard = saved('pre-restore-1', 'pre-restore', '2026-01-02T00:00:00Z');
  expect(newestVerified([nightly, guard])).toBe('nightly');
});

test('nor is one whose manifest nobody vouches for that counts', () => {
  const nightly = saved('nightly', 'manual', '2026-01-01T00:00:00Z');
  const forged = { ...saved('newer', 'manual', '2026-01-02T00:00:00Z'), trust: { trusted: false } };
  expect(newestVerified([nightly, forged])).toBe('nightly');
  expect(newestVerified([forged])).toBeUndefined();
});
