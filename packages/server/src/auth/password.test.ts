import { randomBytes, scryptSync } from 'node:crypto';
import { isFailure } from '@holdfast/base';
import { expect, test } from 'vitest';
import { isPasswordHash, makePasswords } from './password.ts';

const passwords = makePasswords(randomBytes);

test('a password is known again, another is not', async () => {
  const stored = await passwords.hash('correct horse battery');
  expect(stored).toMatch(/^scrypt\$17\$8\$1\$/);
  expect(isPasswordHash(stored)).toBe(true);
  expect(await passwords.isRight('correct horse battery', stored)).toBe(true);
  expect(await passwords.isRight('correct horse batterz', stored)).toBe(false);
  expect(await passwords.isRight('', stored)).toBe(false);
  expect(await passwords.hash('correct horse battery')).not.toBe(stored);
});

test('the hash is the one of scrypt, with the parameters that stand in it', async () => {
  const salt = randomBytes(16);
  const hash = scryptSync('an older password', salt, 32, { N: 2 ** 14, r: 8, p: 2, maxmem: 2 ** 26 });
  const stored = `scrypt$14$8$2$${salt.toString('base64url')}$${hash.toString('base64url')}`;
  expect(await passwords.isRight('an older password', stored)).toBe(true);
});

test.each([
  ['no user', undefined],
  ['a user without a password', ''],
  ['what is no hash', 'plain'],
  ['parameters that would take all memory', `scrypt$30$8$1$${'A'.repeat(22)}$${'A'.repeat(43)}`],
])('%s lets nobody in', async (_, stored) => {
  expect(await passwords.isRight('', stored)).toBe(false);
  expect(await passwords.isRight('plain', stored)).toBe(false);
});

test('letters that look the same are the same, however they were typed', async () => {
  const stored = await passwords.hash('Zu\u0308richer Geschnetzeltes');
  expect(await passwords.isRight('Z\u00fcricher Geschnetzeltes', stored)).toBe(true);
});

test('too many at once are refused, and those who wait have their turn', async () => {
  const stored = `scrypt$14$8$1$${'A'.repeat(22)}$${'A'.repeat(43)}`;
  const many = await Promise.allSettled(Array.from({ length: 40 }, () => passwords.isRight('any', stored)));
  expect(many.filter(({ status }) => status === 'fulfilled')).toHaveLength(32);
  for (const each of many)
    if (each.status === 'rejected') expect(isFailure(each.reason, 'too-many-requests')).toBe(true);
  expect(await passwords.isRight('any', stored)).toBe(false);
});
