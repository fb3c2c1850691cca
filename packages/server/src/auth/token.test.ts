import { createHash, randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { newToken, readAuthorization, readJoinToken } from './token.ts';

const { token, hash } = newToken('hf', 't-7f3kq2m8xw', randomBytes);
const secret = token.slice(-43);
const found = { id: 't-7f3kq2m8xw', hash };
const basic = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`;

test('a token is its id and 256 random bits, of which the hash is kept', () => {
  expect(token).toMatch(/^hf_t-7f3kq2m8xw_[A-Za-z0-9_-]{43}$/);
  expect(hash).toBe(createHash('sha256').update(token).digest('hex'));
  expect(newToken('hf', 't-7f3kq2m8xw', randomBytes).token).not.toBe(token);
});

test.each([
  ['as it was told', `Bearer ${token}`],
  ['in small letters, with spaces', `bearer   ${token} `],
  ['with a colon', `Bearer hf_t-7f3kq2m8xw:${secret}`],
  ['without its mark', `Bearer t-7f3kq2m8xw:${secret}`],
  ["as Rancher's clients write theirs", `Bearer token-7f3kq2m8xw:${secret}`],
  ['as name and password', basic(`t-7f3kq2m8xw:${secret}`)],
  ['as name and password with its mark', basic(`hf_t-7f3kq2m8xw:${secret}`)],
  ['as access key and secret key', basic(`token-7f3kq2m8xw:${secret}`)],
])('a token is read %s', (_, header) => {
  expect(readAuthorization(header)).toEqual(found);
});

test.each([
  ['nothing', undefined],
  ['an empty header', ''],
  ['a scheme alone', 'Bearer'],
  ['another scheme', `Digest ${token}`],
  ['a token without a scheme', token],
  ["a user's own name and password", basic('admin:correct horse battery')],
  ['no base64', 'Basic %%%'],
  ['a short secret', `Bearer hf_t-7f3kq2m8xw_${secret.slice(1)}`],
  ['a long secret', `Bearer ${token}A`],
  ['two tokens', `Bearer ${token}, ${token}`],
  ['a join token', `Bearer hfj_j-7f3kq2m8xw_${secret}`],
  ['a line feed', `Bearer ${token}\nx`],
  ['much', `Bearer ${'x'.repeat(100_000)}`],
])('%s is no token', (_, header) => {
  expect(readAuthorization(header)).toBeUndefined();
});

test('a join token is one for joining alone', () => {
  const join = newToken('hfj', 'j-7f3kq2m8xw', randomBytes);
  expect(readJoinToken(join.token)).toEqual({ id: 'j-7f3kq2m8xw', hash: join.hash });
  expect(readJoinToken(token)).toBeUndefined();
  expect(readJoinToken('')).toBeUndefined();
});
