import { expect, test } from 'vitest';
import { formatBytes, formatDuration, formatHex64, parseHex64 } from './bytes.ts';

test('sizes have three digits and IEC units', () => {
  expect([0, 999, 1000, 1024, 1_114_841_088, 8 * 1024 ** 3].map(formatBytes)).toEqual([
    '0 B',
    '999 B',
    '0.98 KiB',
    '1.00 KiB',
    '1.04 GiB',
    '8.00 GiB',
  ]);
});

test('durations grow coarser with length', () => {
  expect([40, 9_949, 9_960, 59_400, 61_000, 3_600_000, 7_800_000, 432_000_000].map(formatDuration)).toEqual([
    '0.0s',
    '9.9s',
    '10s',
    '59s',
    '1m01s',
    '1h00m',
    '2h10m',
    '5d',
  ]);
});

test('ids keep all 64 bits', () => {
  expect(formatHex64(0xcdf818194e3a8c32n)).toBe('cdf818194e3a8c32');
  expect(formatHex64(-1n)).toBe('ffffffffffffffff');
  expect(parseHex64('8e9e05c52164694d')).toBe(0x8e9e05c52164694dn);
  expect(parseHex64('0x1')).toBeUndefined();
});
