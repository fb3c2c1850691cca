import { expect, test } from 'vitest';
import { ago, moment } from './when.ts';

const now = new Date('2026-11-20T09:14:07Z');

test.each([
  ['2026-11-20T09:14:07Z', '0s ago'],
  ['2026-11-20T09:13:30Z', '37s ago'],
  ['2026-11-20T09:10:00Z', '4m ago'],
  ['2026-11-20T02:10:00Z', '7h ago'],
  ['2026-11-18T10:00:00Z', '47h ago'],
  ['2026-11-10T09:14:07Z', '10d ago'],
  ['2026-11-20T09:20:00Z', '0s ago'],
])('%s is %s', (at, text) => {
  expect(ago(at, now)).toBe(text);
});

test('a moment in UTC has its zone', () => {
  expect(moment('2026-11-20T09:14:07.123Z', true)).toBe('2026-11-20 09:14:07 Z');
});

test('a moment on the local clock names the same instant with its offset', () => {
  const text = moment('2026-06-20T23:14:07Z', false);
  expect(text).toMatch(/^2026-06-2\d \d\d:\d\d:07 [+-]\d\d:\d\d$/);
  expect(Date.parse(text.replace(' ', 'T').replace(' ', ''))).toBe(Date.parse('2026-06-20T23:14:07Z'));
});
