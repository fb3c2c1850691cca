import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { isFailure, type FailureCode } from '@holdfast/base';
import { KeyId } from '@holdfast/model';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeSigningKeyFile, readSigningKeyFile } from './signing-key-file.ts';
import { SigningKey } from './signing-key.ts';
import { parseTrustedKeys } from './trusted-keys.ts';
import { VerifyingKey } from './verifying-key.ts';

const key = SigningKey.generate();
const pem = key.reveal();
const secret = pem.split('\n')[1]!;
const armored = (label: string, base64: string): string =>
  `-----BEGIN ${label}-----\n${base64}\n-----END ${label}-----\n`;
const others = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const spki = (point: string): Buffer => Buffer.from(`302a300506032b6570032100${point}`, 'hex');

/** The failure's reason; all that it shows of itself has nothing of the secret. */
async function whyOf(code: FailureCode, act: () => unknown): Promise<string> {
  try {
    await act();
  } catch (error) {
    expect(inspect(error, { depth: 9, showHidden: true })).not.toContain(secret.slice(24, 40));
    if (isFailure(error, code)) return error.why;
    throw error;
  }
  throw new Error('it was taken');
}

describe('a signing key', () => {
  it('is read back as it was written, comments and line ends of either kind aside', () => {
    for (const text of [pem, pem.replaceAll('\n', '\r\n'), `# of node 1\n\n${pem}\n`]) {
      expect(SigningKey.parse(text, 'key').publicKey.keyid).toBe(key.publicKey.keyid);
    }
    expect(KeyId.parse(key.publicKey.keyid)).toBe(key.publicKey.keyid);
  });

  it('shows nothing of itself when it is printed or serialised', () => {
    for (const shown of [inspect(key, { showHidden: true, depth: 9 }), JSON.stringify(key)])
      expect(shown).not.toContain(secret.slice(24, 40));
  });

  it.each([
    ['', 'it is empty'],
    ['# nothing\n', 'it is empty'],
    [secret, 'it is not in PEM'],
    [pem + pem, 'more than one key'],
    [`${pem}and more`, 'something beside it'],
    [pem.replace('-----END', '----END'), 'it is damaged'],
    [pem.replace(secret, secret.slice(0, -2)), 'it is damaged'],
    [armored('PRIVATE KEY', secret.slice(4)), 'it is damaged'],
    [armored('PRIVATE KEY', `${secret.slice(0, 20)}*${secret.slice(20)}`), 'it is damaged'],
    [others.privateKey.export({ format: 'pem', type: 'pkcs8' }) as string, 'another kind than Ed25519'],
    [armored('ENCRYPTED PRIVATE KEY', secret), 'it is encrypted'],
    [armored('OPENSSH PRIVATE KEY', secret), 'a key of OpenSSH'],
    [key.publicKey.toPem(), 'a public key, and a private one is asked for'],
    [armored('CERTIFICATE', secret), 'something else (CERTIFICATE)'],
  ])('is refused with what is wrong, and without its content: %#', async (text, why) => {
    expect(await whyOf('signing-key-invalid', () => SigningKey.parse(text, 'key'))).toContain(why);
  });
});

describe('the file of a signing key', () => {
  let folder: string;
  beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), 'holdfast-keys-'))));
  afterAll(() => rmSync(folder, { recursive: true }));

  it('is made for its owner only, and never over another one', async () => {
    const path = join(folder, 'made.pem');
    const made = await makeSigningKeyFile(path);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect((await readSigningKeyFile(path)).publicKey.keyid).toBe(made.publicKey.keyid);
    const before = readFileSync(path, 'utf8');
    expect(await whyOf('file-exists', () => makeSigningKeyFile(path))).toBe('a key is never written over');
    expect(readFileSync(path, 'utf8')).toBe(before);
    expect(readdirSync(folder)).toEqual(['made.pem']);
  });

  it('is refused when others may use it, when it is none, and when it is not there', async () => {
    const path = join(folder, 'open.pem');
    writeFileSync(path, pem);
    for (const mode of [0o640, 0o604, 0o620, 0o601]) {
      chmodSync(path, mode);
      expect(await whyOf('signing-key-invalid', () => readSigningKeyFile(path))).toContain(mode.toString(8));
    }
    chmodSync(path, 0o400);
    expect((await readSigningKeyFile(path)).publicKey.keyid).toBe(key.publicKey.keyid);
    const large = join(folder, 'large.pem');
    writeFileSync(large, Buffer.alloc(70_000), { mode: 0o600 });
    expect(await whyOf('signing-key-invalid', () => readSigningKeyFile(large))).toBe('it has 70000 bytes');
    expect(await whyOf('file-unreadable', () => readSigningKeyFile(join(folder, 'none')))).toContain(
      'ENOENT',
    );
  });
});

const wireOf = (point: Buffer): Buffer =>
  Buffer.concat([Buffer.from('0000000b7373682d6564323535313900000020', 'hex'), point]);
const pointOf = (each: SigningKey): Buffer =>
  createPublicKey(each.publicKey.toPem()).export({ format: 'der', type: 'spki' }).subarray(12);
const sshLine = (each: SigningKey, comment: string): string =>
  `ssh-ed25519 ${wireOf(pointOf(each)).toString('base64')}${comment}`;

describe('a file of trusted keys', () => {
  it('holds keys in PEM and lines of OpenSSH, each key once', () => {
    const [second, third] = [SigningKey.generate(), SigningKey.generate()];
    const text = `# ops\n${key.publicKey.toPem()}\r\n${sshLine(second, ' alice at ops')}\n${sshLine(third, '')}\n${sshLine(key, ' again')}`;
    expect(parseTrustedKeys(text, 'trusted').map(({ keyid, comment }) => [keyid, comment])).toEqual([
      [key.publicKey.keyid, null],
      [second.publicKey.keyid, 'alice at ops'],
      [third.publicKey.keyid, null],
    ]);
  });

  const typo = sshLine(key, '').replace(/.$/, '');
  it.each([
    ['', 'it holds no key'],
    ['\n# none\n', 'it holds no key'],
    [`# mine\n${pem}`, 'line 2 is a private key, and public keys are asked for'],
    [armored('OPENSSH PRIVATE KEY', secret), 'line 1 is a private key'],
    [secret, 'line 1 is no public key'],
    [`${key.publicKey.toPem()}${typo}`, 'line 4 is a public key with a typing error'],
    [sshLine(key, '').replace('AAAAC3', 'AAAA*C3'), 'line 1 is a public key with a typing error'],
    ['ssh-ed25519', 'line 1 is a public key with a typing error'],
    ['sss-ed25519 AAAA', 'line 1 is no public key'],
    [`ssh-ed25519 ${wireOf(pointOf(key)).subarray(0, -1).toString('base64')} x`, 'with a typing error'],
    [key.publicKey.toPem().replace('-----END', '----END'), 'line 1 is a public key with a typing error'],
    [others.publicKey.export({ format: 'pem', type: 'spki' }), 'line 1 is a public key of another kind'],
    ['ecdsa-sha2-nistp256 AAAA', 'line 1 is a key of another kind'],
    ['ssh-rsa AAAA', 'line 1 is a key of another kind'],
    [`from="10.0.0.1" ${sshLine(key, '')}`, 'line 1 is no public key'],
    ['age1lvyvwawkr0mcnnnncaghunadrqkmuf9e6507x9y920xxpp866cnql7dp2z', 'a key to seal for'],
    [armored('CERTIFICATE', secret), 'line 1 is something else (CERTIFICATE)'],
    [armored('PUBLIC KEY', spki(`01${'00'.repeat(31)}`).toString('base64')), 'for which anybody can sign'],
    [
      `ssh-ed25519 ${wireOf(Buffer.alloc(32)).toString('base64')}`,
      'line 1 is a public key for which anybody',
    ],
  ])('is refused with the line that is wrong, and without its content: %#', async (text, why) => {
    expect(await whyOf('trusted-keys-invalid', () => parseTrustedKeys(String(text), 'trusted'))).toContain(
      why,
    );
  });
});

/** The same with the other sign of x, the highest bit. */
const high = (hex: string): string =>
  hex.slice(0, -2) + (Number.parseInt(hex.slice(-2), 16) | 0x80).toString(16).padStart(2, '0');

/**
 * For the neutral point, R = B and S = 1 is a signature of every message, for the other points of small order one of at
 * least an eighth of all. OpenSSL 3.0 takes it (so does Node with it), 3.5 does not; so nothing rests on OpenSSL here.
 */
describe('a public key for which anybody can sign', () => {
  const canonical = [
    '00'.repeat(32),
    `01${'00'.repeat(31)}`,
    `ec${'ff'.repeat(30)}7f`,
    '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
    'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  ];
  const spelledTwice = Array.from({ length: 19 }, (_, i) => `${(0xed + i).toString(16)}${'ff'.repeat(30)}7f`);
  const points = [...canonical, ...spelledTwice].flatMap((each) => [each, high(each)]);

  it.each(points)('is no key: %s', (point) => {
    expect(VerifyingKey.fromPoint(Buffer.from(point, 'hex'), null)).toBe('worthless');
    expect(VerifyingKey.fromSpki(spki(point))).toBe('worthless');
  });

  it('would be one to some versions of OpenSSL, which is why it is refused here', () => {
    const forged = Buffer.concat([
      Buffer.from(`58${'66'.repeat(31)}`, 'hex'),
      Buffer.from([1]),
      Buffer.alloc(31),
    ]);
    const neutral = createPublicKey({ key: spki(canonical[1]!), format: 'der', type: 'spki' });
    const taken = verify(null, Buffer.from('any message'), neutral, forged);
    const [major = 0, minor = 0] = process.versions.openssl.split('.').map(Number);
    if (major === 3 && minor === 0) expect(taken).toBe(true);
    if (major > 3 || (major === 3 && minor >= 5)) expect(taken).toBe(false);
  });

  it('is none of those that are made here', () => {
    for (let i = 0; i < 20; i += 1)
      expect(KeyId.safeParse(SigningKey.generate().publicKey.keyid).success).toBe(true);
  });
});

it('a key that is no point of the curve verifies nothing, and signatures of another length do not either', () => {
  const none = VerifyingKey.fromPoint(Buffer.alloc(32, 2), null);
  const signature = key.sign(Buffer.from('x'));
  expect(none).toBeInstanceOf(VerifyingKey);
  expect(none instanceof VerifyingKey && none.verifies(Buffer.from('x'), signature)).toBe(false);
  for (const length of [0, 63]) {
    expect(key.publicKey.verifies(Buffer.from('x'), signature.subarray(0, length))).toBe(false);
  }
  expect(key.publicKey.verifies(Buffer.from('x'), Buffer.concat([signature, Buffer.alloc(1)]))).toBe(false);
});
