import { expect, test } from 'vitest';
import { bench } from './bench.ts';
import type { Outcome } from './duel.ts';

test('every duel of the benchmark runs both sides to their end, and ours in flat memory', async () => {
  const told: Outcome[] = [];
  const outcomes = await bench({
    version: '3.6',
    megabytes: 20,
    runs: 1,
    restMs: 0,
    tell: () => {},
    told: (outcome) => told.push(outcome),
  });
  expect(told).toEqual(outcomes);
  expect(outcomes.map(({ duel }) => `${duel.what} / ${duel.theirs}`)).toEqual([
    'snapshot save / etcdctl snapshot save',
    'snapshot save, TLS / etcdctl snapshot save',
    'snapshot verify / etcdutl snapshot status',
    'snapshot verify / SHA-256, then status',
    'restore datadir / etcdutl snapshot restore',
    'seal / zstd -3 -T0 | age',
    'open / age -d | zstd -d',
  ]);
  for (const { duel, ratio, oursPeakBytes } of outcomes) {
    expect(ratio).toBeGreaterThan(0);
    expect(oursPeakBytes).toBeGreaterThan(20e6);
    expect(oursPeakBytes).toBeLessThan(duel.what === 'seal' || duel.what === 'open' ? 250e6 : 150e6);
  }
}, 600_000);
