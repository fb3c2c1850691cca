import { Failure, isFailure, limits } from '@holdfast/base';
import type { ByteQueue } from '../byte-queue.ts';
import type { SecretKey } from '../keys/secret-key.ts';
import type { PublicKey } from '../keys/public-key.ts';
import { damaged } from '../source.ts';
import { payloadNonceBytes, tagBytes } from './chunk.ts';
import { passphraseIdentity, passphraseRecipient, passphraseStandsAlone } from './passphrase.ts';

/*
 * The header of an age file (age-encryption.org/v1, "Header"): who may open it. It is made and read by age-encryption;
 * here it is cut off and its outcome named.
 */

/** Whom an object is sealed for: each of the recipients alone can open it, or who knows the passphrase. */
export type SealFor =
  | { readonly recipients: readonly [PublicKey, ...PublicKey[]] }
  | {
      readonly passphrase: string;
      /** scrypt does 2^`work` rounds; the limit `passphraseWork` when left out. */
      readonly work?: number;
    };

/** What may open an object: any one of the keys and passphrases. */
export interface OpenWith {
  readonly keys?: readonly SecretKey[];
  readonly passphrases?: readonly string[];
}

/** A header with the key that it wraps, of 16 random bytes. */
export async function makeHeader(to: SealFor): Promise<{ header: Uint8Array; fileKey: Uint8Array }> {
  const { Encrypter, Stanza } = await import('age-encryption');
  const encrypter = new Encrypter();
  let fileKey: Uint8Array | undefined;
  encrypter.addRecipient({
    wrapFileKey: (key) => {
      fileKey = key.slice();
      return [];
    },
  });
  if ('recipients' in to) {
    for (const recipient of to.recipients) encrypter.addRecipient(recipient.text);
  } else {
    const work = to.work ?? limits.passphraseWork;
    encrypter.addRecipient(
      passphraseRecipient(to.passphrase, work, (args, body) => [new Stanza(args, body)]),
    );
  }
  // An empty file is its header, a nonce and the tag of an empty chunk.
  const file = await encrypter.encrypt(new Uint8Array(0));
  return { header: file.subarray(0, file.length - payloadNonceBytes - tagBytes), fileKey: fileKey! };
}

const version = 'age-encryption.org/v1\n';

/**
 * Takes a header off a stream.
 *
 * @throws object-damaged when there is none, or it does not end within the limit `sealedHeaderBytes`
 */
export async function takeHeader(queue: ByteQueue, name: string): Promise<Uint8Array> {
  const lines = [await queue.line(version.length)];
  if (Buffer.from(lines[0]!).toString('latin1') !== version)
    throw damaged(name, 'it does not begin as an age file does');
  for (let left = limits.sealedHeaderBytes; ;) {
    const line = await queue.line(left);
    lines.push(line);
    left -= line.length;
    const text = Buffer.from(line.buffer, line.byteOffset, line.length).toString('latin1');
    if (!text.endsWith('\n')) throw damaged(name, 'its age header is cut off');
    if (text.startsWith('---')) return Buffer.concat(lines);
  }
}

/**
 * Opens a header.
 *
 * @returns the file key
 * @throws key-not-matching when none of the keys and passphrases opens it
 * @throws object-damaged when it is not valid, or was changed
 */
export async function openHeader(header: Uint8Array, using: OpenWith, name: string): Promise<Uint8Array> {
  const { Decrypter } = await import('age-encryption');
  const decrypter = new Decrypter();
  decrypter.addIdentity(passphraseStandsAlone(name));
  for (const key of using.keys ?? []) decrypter.addIdentity(key.reveal());
  for (const passphrase of using.passphrases ?? [])
    decrypter.addIdentity(passphraseIdentity(passphrase, name));
  // Asked last: when it is asked at all, nobody before could open the file.
  let opened = true;
  decrypter.addIdentity({
    unwrapFileKey: () => {
      opened = false;
      return null;
    },
  });
  try {
    return await decrypter.decryptHeader(header);
  } catch (error) {
    if (isFailure(error)) throw error;
    if (opened) throw damaged(name, `its age header is not valid (${(error as Error).message})`);
    throw new Failure('key-not-matching', 'it was sealed for other keys, or the passphrase is a wrong one', {
      path: name,
    });
  }
}
