import { expect, test } from 'vitest';
import { Span } from './retention.ts';
import { spanMs, spanOf } from './span.ts';

test.each([
  ['36h', 36 * 3_600_000],
  ['1w2d', 9 * 24 * 3_600_000],
  ['1h30m', 5_400_000],
  ['90m', 5_400_000],
  ['10s', 10_000],
  ['0d', 0],
  ['36500d', 36_500 * 24 * 3_600_000],
])('%s is %i ms', (span, ms) => {
  expect(Span.parse(span)).toBe(span);
  expect(spanMs(span)).toBe(ms);
});

test.each(['1y', '1.5h', '', '7', 'h', '-1h', '1 h', '1d ', '36501d', '999999999w'])(
  '"%s" is no length of time',
  (text) => {
    expect(Span.safeParse(text).success).toBe(false);
  },
);

test('a length of time is written in its largest units', () => {
  expect([0, 1000, 5_400_000, 36 * 3_600_000, 9 * 86_400_000].map(spanOf)).toEqual([
    '0s',
    '1s',
    '1h30m',
    '1d12h',
    '1w2d',
  ]);
});
