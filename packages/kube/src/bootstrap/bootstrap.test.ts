import { webcrypto } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { startOpenssl } from '../testing/openssl.ts';
import { openBootstrap } from './bootstrap-data.ts';
import { bootstrapKey, passwordOfKey } from './bootstrap-key.ts';
import { readServerToken } from './token.ts';

const caHash = 'a1'.repeat(32);

/** Made with Python's hashlib and cryptography from the description of the format; K3s itself is not had in tests. */
const made = {
  password: 'correct horse',
  key: '/bootstrap/4104d36f8da2',
  value:
    '0123456789abcdef:AAECAwQFBgcICQoLPVjNPsLE8K/gXiOQlAWHXHK7ZpcsrG+T7DGWXl3IqRCxVlrzHfvniTAEawInQggcAIW5XRcZy56ibO1K' +
    'OzL5C/lZlkTFM+jQg2/ZM38VgqfCOwjst4nN4ACjXgTiv5I6fYMsDD3N6rNMTWRyr1iKOmPcz9QiXSqkd6sJQjNp8maUAVd3e/QCFy2Cr/v3apSQ6y' +
    'Hf0h/tPX7knf5/KaW4dH63FoYyYQ==',
};

describe('a token', () => {
  it.each([
    ['a password', 'correct horse\n', 'correct horse', null],
    ['a password with colons', 'a:b::c', 'a:b::c', null],
    ['the full form', `K10${caHash}::server:correct horse\n`, 'correct horse', caHash],
    ['the full form without a hash', 'K10::server:pw', 'pw', null],
    ['a password with two colons in the full form', `K10${caHash}::server:a::b`, 'a::b', caHash],
    ['the old form', 'K10server:pw', 'pw', null],
  ])('for servers is read: %s', (_, text, password, hash) => {
    expect(readServerToken(Buffer.from(text)).token).toEqual({
      password,
      whole: text.replace('\n', ''),
      caHash: hash,
    });
  });

  it.each([
    ['nothing', '\n', 'it is empty'],
    ['a token for agents', `K10${caHash}::node:correct horse`, 'it is for agents'],
    ['an id and secret of kubeadm', 'abcdef.0123456789abcdef', 'it is for agents'],
    [
      'an id and secret of kubeadm in the full form',
      `K10${caHash}::abcdef.0123456789abcdef`,
      'it is for agents',
    ],
    ['a cut hash', 'K10a1a1::server:pw', 'the hash of its CA is cut'],
    ['no password', `K10${caHash}::server:`, 'it has no password'],
    ['no user', `K10${caHash}::correct`, 'it has no password'],
  ])('is refused: %s', (_, text, why) => {
    const { refused } = readServerToken(text);
    expect(refused).toContain(why);
    expect(refused).not.toContain('correct');
  });
});

describe('a bootstrap key', () => {
  const token = { password: made.password, whole: `K10${caHash}::server:${made.password}` };

  it('belongs to the password of a token', () => {
    expect(bootstrapKey(made.password)).toBe(made.key);
    expect(passwordOfKey(made.key, token)).toEqual({ password: made.password, kind: 'current' });
    expect(passwordOfKey(made.key, { password: 'other', whole: 'other' })).toBeUndefined();
  });

  it('of old releases belongs to the whole token or to nothing', () => {
    expect(passwordOfKey(bootstrapKey(token.whole), token)?.kind).toBe('whole-token');
    expect(passwordOfKey('/bootstrap/e3b0c44298fc', token)).toEqual({ password: '', kind: 'empty' });
  });
});

describe('bootstrap data', () => {
  it('made by another program is opened', () => {
    const opened = openBootstrap(Buffer.from(made.value), made.password);
    expect(opened).toEqual({
      result: 'opened',
      files: [
        { name: 'PasswdFile', content: Buffer.from('passwd'), notAfter: null },
        { name: 'ServerCA', content: Buffer.from('a file'), notAfter: null },
      ],
    });
  });

  it('tells when its certificates end', async () => {
    await using openssl = await startOpenssl();
    const { certificate } = await openssl.certificate({ name: 'k3s-server-ca', until: '2030-06-01' });
    const plain = { ServerCA: { Timestamp: '', Content: certificate.toString('base64') }, IPSECKey: null };
    const opened = openBootstrap(await seal(JSON.stringify(plain), 'pw'), 'pw');
    expect(opened).toMatchObject({
      files: [{ name: 'IPSECKey', notAfter: null }, { notAfter: new Date('2030-06-01T00:00:00Z') }],
    });
  });

  it('of old releases has its files without their times', async () => {
    const opened = openBootstrap(await seal('{"ServerCA":"eA=="}', 'pw'), 'pw');
    expect(opened).toMatchObject({ files: [{ name: 'ServerCA', content: Buffer.from('x') }] });
  });

  it.each([
    ['another token', made.value, 'other', 'wrong-token'],
    [
      'a flipped character',
      made.value.replace('GTaw', 'GTax').replace('VjNP', 'VjNQ'),
      made.password,
      'wrong-token',
    ],
    ['no salt', made.value.slice(17), made.password, 'damaged'],
    ['too few bytes', 'salt:AAAA', made.password, 'damaged'],
    ['nothing', '', made.password, 'empty'],
  ])('is not opened: %s', (_, value, password, result) => {
    expect(openBootstrap(Buffer.from(value), password)).toMatchObject({ result });
  });

  it('with something else inside is damaged', async () => {
    for (const plain of ['[]', 'text', '{"ServerCA":7}'])
      expect(openBootstrap(await seal(plain, 'pw'), 'pw').result).toBe('damaged');
  });
});

/** Seals by WebCrypto, so by other calls than the ones that open. */
async function seal(plain: string, password: string): Promise<Buffer> {
  const { subtle } = webcrypto;
  const salt = '00112233aabbccdd';
  const from = await subtle.importKey('raw', Buffer.from(password), 'PBKDF2', false, ['deriveKey']);
  const key = await subtle.deriveKey(
    { name: 'PBKDF2', hash: 'SHA-1', salt: Buffer.from(salt), iterations: 4096 },
    from,
    { name: 'AES-GCM', length: 256 },
    false,
    ['encrypt'],
  );
  const iv = Buffer.alloc(12, 5);
  const sealed = await subtle.encrypt({ name: 'AES-GCM', iv }, key, Buffer.from(plain));
  return Buffer.from(`${salt}:${Buffer.concat([iv, Buffer.from(sealed)]).toString('base64')}`);
}
