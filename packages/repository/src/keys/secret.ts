import { createHash } from 'node:crypto';
import { Failure, limits } from '@holdfast/base';
import type { StoredSecret } from '@holdfast/model';
import type { OpenWith, SealFor } from '../object/age/header.ts';
import { seal } from '../object/age/seal.ts';
import { unseal } from '../object/age/unseal.ts';
import { formatSecretKeyFile, parseSecretKeyFile, type SecretKey } from '../object/keys/secret-key.ts';
import type { Storage } from '../storage/storage.ts';

/** A secret key that is to be stored: its entry in the key list, and the object. */
export interface SealedSecret {
  readonly entry: StoredSecret;
  readonly bytes: Buffer;
}

/**
 * Seals a secret key: an age file that holds what `age-keygen` writes. Sealed with a passphrase, `age -d -i` takes it as
 * it is.
 */
export async function sealSecret(key: SecretKey, at: Date, to: SealFor): Promise<SealedSecret> {
  const plain = Buffer.from(formatSecretKeyFile(key, at));
  const bytes = await gathered(seal(streamOf(plain), to));
  const sealedFor = 'passphrase' in to ? 'passphrase' : to.recipients.map(({ text }) => text);
  const object = `keys/secret-${wordOf(bytes)}.age`;
  return { entry: { recipient: key.publicKey.text, object, sealedFor }, bytes };
}

/**
 * Opens a secret key of the repository.
 *
 * @throws key-not-matching, object-damaged; what the storage throws
 */
export async function openSecret(
  storage: Storage,
  { recipient, object }: StoredSecret,
  using: OpenWith,
): Promise<SecretKey> {
  const bytes = await storage.get(object, limits.recordBytes);
  const damaged = (why: string): Failure => new Failure('object-damaged', why, { path: object });
  if (bytes === undefined) throw damaged('it is missing');
  if (object !== `keys/secret-${wordOf(bytes)}.age`)
    throw damaged('it is not the one that the key list names');
  const text = (await gathered(unseal(streamOf(bytes), using, object))).toString();
  const key = (await parseSecretKeyFile(text, object)).find((each) => each.publicKey.text === recipient);
  if (key === undefined) throw damaged('it holds another key than the key list says');
  return key;
}

/** 128 bits of SHA-256, which name the object. */
function wordOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex').slice(0, 32);
}

async function* streamOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

async function gathered(stream: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}
