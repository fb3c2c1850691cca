import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeRecord } from '../record.ts';
import { openManifest, signManifest, verifyManifest } from './envelope.ts';
import { preAuthenticationEncoding } from './pae.ts';
import { makeSigningKeyFile, readSigningKeyFile } from './signing-key-file.ts';
import { SigningKey } from './signing-key.ts';
import { parseTrustedKeys } from './trusted-keys.ts';

/* What we sign is checked by the programs of others, by the commands that are written down; and their keys sign here. */

const has = (program: string, argument: string): boolean =>
  spawnSync(program, [argument], { stdio: 'ignore' }).error === undefined;
const without = process.env['CI'] !== 'true' && !has('openssl', 'version');

/** The commands as they stand in docs/format.md. */
const page = new URL('../../../../docs/format.md', import.meta.url);
const commands = /## Signed manifests.*?```sh\n([^`]*)```/s.exec(readFileSync(page, 'utf8'))?.[1];

describe.skipIf(without)('the program openssl', () => {
  let folder: string;
  beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), 'holdfast-openssl-'))));
  afterAll(() => rmSync(folder, { recursive: true }));

  const put = (name: string, content: string | Uint8Array): string => {
    writeFileSync(join(folder, name), content, { mode: 0o600 });
    return join(folder, name);
  };
  const check = (shell: string, script = commands ?? '') =>
    spawnSync(shell, ['-e', '-c', script], { cwd: folder, encoding: 'utf8' });
  const [one, other] = [SigningKey.generate(), SigningKey.generate()].toSorted((a, b) =>
    a.publicKey.keyid < b.publicKey.keyid ? -1 : 1,
  ) as [SigningKey, SigningKey];
  const manifest = encodeRecord({ name: 'nightly-1', note: 'Grüße', nothing: null });

  it.each(['sh', 'bash'])('checks a signature with the commands that are written down, in %s', (shell) => {
    const stored = signManifest(manifest, [one, other]);
    put('manifest.json', stored);
    for (const [n, key] of [one, other].entries()) {
      put('signer.pub.pem', key.publicKey.toPem());
      const { status, stdout, stderr } = check(shell, commands?.replace('n=1', `n=${n + 1}`));
      expect(stderr).toBe('');
      expect(status).toBe(0);
      const [keyid, ...lines] = stdout.trim().split('\n');
      expect(`SHA256:${keyid}`).toBe(key.publicKey.keyid);
      expect(lines.slice(0, -1).map((each) => `SHA256:${each}`)).toEqual([
        one.publicKey.keyid,
        other.publicKey.keyid,
      ]);
      expect(lines.at(-1)).toBe('Signature Verified Successfully');
      expect(readFileSync(join(folder, 'payload.json')).equals(manifest)).toBe(true);
    }
  });

  it('checks a key list with the same commands and its own type', () => {
    put('signer.pub.pem', one.publicKey.toPem());
    put('manifest.json', signManifest(manifest, [one], 'key list'));
    const forLists = commands?.replace('holdfast.manifest+json', 'holdfast.key-list+json');
    expect(check('sh', forLists).stdout).toContain('Signature Verified Successfully');
    expect(check('sh').status).toBe(1);
  });

  it('refuses another key and a changed manifest', () => {
    put('manifest.json', signManifest(manifest, [one]));
    put('signer.pub.pem', other.publicKey.toPem());
    expect(check('sh').status).toBe(1);
    const { signatures } = openManifest(signManifest(manifest, [one]), 'm');
    const altered = signManifest(encodeRecord({ name: 'nightly-2' }), [one]).toString();
    const sig = openManifest(Buffer.from(altered), 'm').signatures[0]!.sig.toString('base64');
    put('signer.pub.pem', one.publicKey.toPem());
    put('manifest.json', altered);
    expect(check('sh').status).toBe(0);
    put('manifest.json', altered.replace(sig, signatures[0]!.sig.toString('base64')));
    expect(check('sh').status).toBe(1);
  });

  it('makes keys and signatures that are taken here, and the other way round', async () => {
    const path = join(folder, 'made.pem');
    execFileSync('openssl', ['genpkey', '-algorithm', 'ed25519', '-out', path], { stdio: 'ignore' });
    execFileSync('chmod', ['600', path]);
    const key = await readSigningKeyFile(path);
    const pem = execFileSync('openssl', ['pkey', '-in', path, '-pubout'], { encoding: 'utf8' });
    expect(pem).toBe(key.publicKey.toPem());
    expect(parseTrustedKeys(pem, 'trusted').map(({ keyid }) => keyid)).toEqual([key.publicKey.keyid]);

    const signed = put(
      'signed',
      preAuthenticationEncoding('application/vnd.holdfast.manifest+json', manifest),
    );
    const sig = execFileSync('openssl', ['pkeyutl', '-sign', '-inkey', path, '-rawin', '-in', signed]);
    expect(sig.equals(openManifest(signManifest(manifest, [key]), 'm').signatures[0]!.sig)).toBe(true);

    const ours = join(folder, 'ours.pem');
    const made = await makeSigningKeyFile(ours);
    const text = execFileSync('openssl', ['pkey', '-in', ours, '-pubout'], { encoding: 'utf8' });
    expect(text).toBe(made.publicKey.toPem());
  });
});

it.skipIf(!has('ssh-keygen', '-?'))(
  'a public key that ssh-keygen writes is the one of its private key',
  () => {
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-ssh-'));
    try {
      const path = join(folder, 'id');
      execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'alice at ops', '-f', path]);
      const [key] = parseTrustedKeys(readFileSync(`${path}.pub`, 'utf8'), 'id.pub');
      expect(key?.comment).toBe('alice at ops');
      const signing = SigningKey.parse(pkcs8OfSsh(readFileSync(path, 'utf8')), 'id');
      const envelope = openManifest(signManifest(encodeRecord({ a: 1 }), [signing]), 'm');
      expect(verifyManifest(envelope, [key!]).signedBy).toEqual([key!.keyid]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
);

/** The key of an unencrypted file of OpenSSH, whose 32 secret bytes stand before the public ones at its end. */
function pkcs8OfSsh(text: string): string {
  const bytes = Buffer.from(text.split('\n').slice(1, -2).join(''), 'base64');
  const at = bytes.lastIndexOf(Buffer.from([0, 0, 0, 64]));
  const seed = bytes.subarray(at + 4, at + 36);
  const der = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed]);
  return `-----BEGIN PRIVATE KEY-----\n${der.toString('base64')}\n-----END PRIVATE KEY-----\n`;
}
