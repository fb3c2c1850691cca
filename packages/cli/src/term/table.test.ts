import { expect, test } from 'vitest';
import { pairs, table } from './table.ts';

test('columns are as wide as their widest cell and three spaces apart; the last is not padded', () => {
  const text = table(
    ['NAME', 'STATE'],
    [
      ['a', 'ok'],
      ['longer', 'degraded'],
    ],
  );
  expect(text).toBe('NAME     STATE\na        ok\nlonger   degraded\n');
});

test('colour codes take no room', () => {
  expect(table(['A', 'B'], [['\u001b[32mok\u001b[39m', 'x']])).toBe('A    B\n\u001b[32mok\u001b[39m   x\n');
});

test('pairs without a value are left out', () => {
  expect(
    pairs(
      [
        ['name', 'x'],
        ['none', undefined],
        ['revision', '7'],
      ],
      '  ',
    ),
  ).toBe('  name       x\n  revision   7\n');
});
