import { Failure } from '@holdfast/base';
import { keyLines } from './key-lines.ts';
import { type PublicKey, trustedPublicKey } from './public-key.ts';

/** A secret key (age: identity, X25519): it opens what is sealed for its public key. Printing or serialising it shows nothing. */
export class SecretKey {
  readonly publicKey: PublicKey;
  readonly #text: string;

  constructor(text: string, publicKey: PublicKey) {
    this.#text = text;
    this.publicKey = publicKey;
  }

  /** The secret itself, `AGE-SECRET-KEY-1…`: only for opening, and for the file that keeps it. */
  reveal(): string {
    return this.#text;
  }
}

/** A new secret key. */
export async function generateSecretKey(): Promise<SecretKey> {
  const { generateX25519Identity, identityToRecipient } = await import('age-encryption');
  const text = await generateX25519Identity();
  return new SecretKey(text, trustedPublicKey(await identityToRecipient(text)));
}

/** The text of a file that keeps a secret key, as `age-keygen` writes it. */
export function formatSecretKeyFile(key: SecretKey, createdAt: Date): string {
  const created = createdAt.toISOString().replace(/\.\d+Z$/, 'Z');
  return `# created: ${created}\n# public key: ${key.publicKey.text}\n${key.reveal()}\n`;
}

/**
 * Reads a file of secret keys: one a line, as `age-keygen` writes it; empty lines and lines that begin with # count for
 * nothing.
 *
 * @param path of the file in messages, which hold nothing of its content
 * @throws key-file-invalid when a line is something else, or there is no key
 */
export async function parseSecretKeyFile(text: string, path: string): Promise<SecretKey[]> {
  const { identityToRecipient } = await import('age-encryption');
  const keys: SecretKey[] = [];
  for (const { line, number } of keyLines(text, path)) {
    if (!line.startsWith('AGE-SECRET-KEY-1')) throw invalid(path, number, kindOf(line));
    try {
      keys.push(new SecretKey(line, trustedPublicKey(await identityToRecipient(line))));
    } catch {
      // The library's words repeat the line.
      throw invalid(path, number, 'a secret key with a typing error');
    }
  }
  return keys;
}

function invalid(path: string, number: number, what: string): Failure {
  return new Failure('key-file-invalid', `line ${number} is ${what}`, { path });
}

function kindOf(line: string): string {
  if (line.startsWith('age1')) return 'a public key, and a secret key is asked for';
  if (line.startsWith('AGE-SECRET-KEY-PQ-1')) return 'a post-quantum key, and only X25519 keys are known';
  if (line.startsWith('AGE-PLUGIN-')) return 'a key of an age plugin, and only X25519 keys are known';
  if (line.startsWith('age-encryption.org/') || line.startsWith('-----BEGIN AGE ENCRYPTED'))
    return 'the beginning of an encrypted file: decrypt it first, with age -d';
  return 'no secret key of age';
}
