import { expect, test } from 'vitest';
import { printable } from './printable.ts';

test('colours, tabs and line feeds stay, what could move or feed the terminal does not', () => {
  const plain = '\u001b[31mred\u001b[39m\ta\nü 😀';
  expect(printable(plain)).toBe(plain);
  expect(printable('a\rb\u001b[2Kc\u001b]0;title\u0007d\u009b2J\u0000')).toBe('a�b�[2Kc�]0;title�d�2J�');
});
