import { expect, test } from 'vitest';
import { parseEncryption, parseLock } from './words.ts';

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
