import { expect, test } from 'vitest';
import { bench } from './bench.ts';
import { memoryAtMost, type Outcome } from './duel.ts';

test('every duel of the benchmark runs both sides to their end, and ours in flat memory', async () => {
  const told: Outcome[] = [];
  const { outcomes, stored } = await bench({
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
    'snapshot save, sealed / etcdctl, zstd -3 -T0, age',
    'snapshot save, sealed, S3 / etcdctl, zstd, age, rclone',
    'snapshot verify / etcdutl snapshot status',
    'snapshot verify / SHA-256, then status',
    'restore datadir / etcdutl snapshot restore',
    'restore datadir, sealed, S3 / rclone, age, zstd, restore',
    'seal / zstd -3 -T0 | age',
    'open / age -d | zstd -d',
  ]);
  for (const { duel, ratio, oursPeakBytes } of outcomes) {
    expect(ratio).toBeGreaterThan(0);
    expect(oursPeakBytes).toBeGreaterThan(20e6);
    expect(oursPeakBytes).toBeLessThan(/seal|open/.test(duel.what) ? memoryAtMost : 180e6);
  }
  const [plain = 0, ...others] = stored.map(({ bytes }) => bytes);
  expect(others).toHaveLength(4);
  for (const bytes of others) expect(plain / bytes).toBeGreaterThan(2);
}, 600_000);
