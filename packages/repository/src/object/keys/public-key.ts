import { Failure } from '@holdfast/base';
import { keyLines } from './key-lines.ts';

/** A public key (age: recipient, X25519), `age1…`: what an object is sealed for. Only made from a text that is one. */
export interface PublicKey {
  readonly text: string;
  readonly [proven]: true;
}

const proven: unique symbol = Symbol('proven');

/** A public key that the library itself has made. */
export function trustedPublicKey(text: string): PublicKey {
  return { text, [proven]: true };
}

/**
 * Reads a file of public keys: one a line; empty lines and lines that begin with # count for nothing.
 *
 * @param path of the file in messages, which hold nothing of its content
 * @throws key-file-invalid when a line is something else, or there is no key
 */
export async function parsePublicKeyFile(text: string, path: string): Promise<[PublicKey, ...PublicKey[]]> {
  const keys: PublicKey[] = [];
  for (const { line, number } of keyLines(text, path)) {
    const key = await parsePublicKey(line);
    if (key !== undefined) keys.push(key);
    else throw new Failure('key-file-invalid', `line ${number} is ${kindOf(line)}`, { path });
  }
  return keys as [PublicKey, ...PublicKey[]];
}

/** A public key; undefined when the text is none. */
async function parsePublicKey(text: string): Promise<PublicKey | undefined> {
  if (!isKind(text)) return undefined;
  const { Encrypter } = await import('age-encryption');
  try {
    const encrypter = new Encrypter();
    encrypter.addRecipient(text);
    // Some 32 bytes are no point of the curve that anything can be sealed for, which shows only when it is tried.
    await encrypter.encrypt(new Uint8Array(0));
    return trustedPublicKey(text);
  } catch {
    return undefined;
  }
}

/** Post-quantum and plugin keys have letters before their last 1. */
function isKind(text: string): boolean {
  return /^age1[02-9ac-hj-np-z]+$/.test(text);
}

function kindOf(line: string): string {
  if (line.startsWith('AGE-SECRET-KEY-')) return 'a secret key, and public keys are asked for';
  if (isKind(line)) return 'a public key with a typing error';
  if (line.startsWith('age1')) return 'a public key of another kind, and only X25519 keys are known';
  if (line.startsWith('ssh-')) return 'a key of SSH, and only X25519 keys of age are known';
  return 'no public key of age';
}
