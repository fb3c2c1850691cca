import { expect, test } from 'vitest';
import { hasLogin, parseBytes } from './s3-words.ts';

test('bytes as people write them', () => {
  const read = ['1', 8388608, '8 MiB', '8MB', '1.5 GiB', '10 kb', '512B'].map(parseBytes);
  expect(read).toEqual([1, 8388608, 8 << 20, 8_000_000, 1.5 * 2 ** 30, 10_000, 512]);
  for (const text of ['', '0', '-1', 'many', '8 Mi', '8 MiB/s', '1e3'])
    expect(() => parseBytes(text)).toThrow('no number of bytes');
});

test('a login in a URL is seen in every spelling', () => {
  for (const url of ['http://u:p@host', 'u:p@host:1', 'HTTPS://u@host/x', '//u@h'])
    expect(hasLogin(url)).toBe(true);
  for (const url of ['http://host/a@b', 'host:1', 'none']) expect(hasLogin(url)).toBe(false);
});
