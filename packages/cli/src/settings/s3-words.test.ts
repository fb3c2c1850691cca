import { expect, test } from 'vitest';
import { hasLogin, parseBytes, parseEncryption, parseLock } from './s3-words.ts';

test('encryption by the server', () => {
  expect(parseEncryption('s3')).toEqual({ kind: 's3' });
  expect(parseEncryption('kms')).toEqual({ kind: 'kms' });
  expect(parseEncryption('kms:arn:aws:kms:x:1:key/2')).toEqual({
    kind: 'kms',
    keyId: 'arn:aws:kms:x:1:key/2',
  });
  expect(parseEncryption('customer:/k')).toEqual({ kind: 'customer', file: '/k' });
  for (const text of ['', 'none', 's3:x', 'customer', 'customer:', 'KMS'])
    expect(() => parseEncryption(text)).toThrow('none of s3, kms');
});

test('object lock for days or until a time', () => {
  expect(parseLock('governance:30d')).toEqual({ mode: 'governance', days: 30 });
  expect(parseLock('compliance:2030-01-31')).toEqual({
    mode: 'compliance',
    until: new Date('2030-01-31T00:00:00Z'),
  });
  expect(parseLock('compliance:2030-01-31T10:00:00+02:00')).toMatchObject({
    until: new Date('2030-01-31T08:00:00Z'),
  });
  for (const text of [
    'governance',
    'governance:30',
    'governance:0d',
    'legal:30d',
    'governance:2030-13-01',
    '30d',
  ])
    expect(() => parseLock(text)).toThrow('none of governance:30d');
});

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
