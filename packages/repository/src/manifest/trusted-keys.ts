import { Failure } from '@holdfast/base';
import { pemParts, type PemPart } from './pem.ts';
import { VerifyingKey } from './verifying-key.ts';

/** The name of the key's kind, as a string of SSH's wire format: its length, then its letters (RFC 8709, section 4). */
const sshPrefix = Buffer.concat([
  Buffer.from([0, 0, 0, 11]),
  Buffer.from('ssh-ed25519'),
  Buffer.from([0, 0, 0, 32]),
]);

/**
 * Reads a file of public keys, any number of both kinds: SubjectPublicKeyInfo in PEM as `openssl pkey -pubout` writes it,
 * and lines of OpenSSH (`ssh-ed25519 AAAA… comment`). Empty lines and lines that begin with # count for nothing, and a
 * key that stands there twice counts once.
 *
 * @param path of the file in messages, which hold nothing of its content
 * @throws trusted-keys-invalid when something else stands there, or no key
 */
export function parseTrustedKeys(text: string, path: string): VerifyingKey[] {
  const keys = new Map<string, VerifyingKey>();
  for (const part of pemParts(text)) {
    const key = keyOf(part);
    if (typeof key === 'string') {
      throw new Failure('trusted-keys-invalid', `line ${part.line} is ${key}`, { path });
    }
    if (!keys.has(key.keyid)) keys.set(key.keyid, key);
  }
  if (keys.size === 0) throw new Failure('trusted-keys-invalid', 'it holds no key', { path });
  return [...keys.values()];
}

/** The key, or what it is instead. */
function keyOf(part: PemPart): VerifyingKey | string {
  if (part.kind === 'line')
    return /^ssh-ed25519(\s|$)/.test(part.text) ? ofSsh(part.text) : kindOf(part.text);
  if (part.label.endsWith('PRIVATE KEY'))
    return 'a private key, and public keys are asked for: `openssl pkey -in FILE -pubout` prints one';
  if (part.label !== 'PUBLIC KEY') return `something else (${part.label})`;
  if (part.kind === 'broken') return 'a public key with a typing error';
  const key = VerifyingKey.fromSpki(part.der);
  if (key === 'another kind') return 'a public key of another kind, and only Ed25519 keys are known';
  return key === 'worthless' ? worthless : key;
}

const worthless = 'a public key for which anybody can sign';

function ofSsh(line: string): VerifyingKey | string {
  const [, base64 = '', ...comment] = line.split(/\s+/);
  const wire = Buffer.from(base64, 'base64');
  const whole =
    wire.toString('base64') === base64 &&
    wire.length === sshPrefix.length + 32 &&
    sshPrefix.equals(wire.subarray(0, sshPrefix.length));
  if (!whole) return 'a public key with a typing error';
  const name = comment.join(' ');
  const key = VerifyingKey.fromPoint(wire.subarray(sshPrefix.length), name === '' ? null : name);
  return key === 'worthless' ? worthless : key;
}

function kindOf(line: string): string {
  if (/^(ssh-|ecdsa-|sk-)/.test(line)) return 'a key of another kind, and only ssh-ed25519 is known';
  if (line.startsWith('age1')) return 'a key to seal for, which signs nothing';
  return 'no public key';
}
