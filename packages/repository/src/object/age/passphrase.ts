import { createCipheriv, createDecipheriv, randomBytes, scrypt } from 'node:crypto';
import { limits } from '@holdfast/base';
import type { Identity, Recipient } from 'age-encryption';
import { damaged } from '../source.ts';

/*
 * The scrypt stanza of age-encryption.org/v1, for the library's header code: its own would stop the process's other
 * work for a second, this one is done by another thread.
 */

const kind = 'scrypt';
const label = 'age-encryption.org/v1/scrypt';
const saltBytes = 16;
const wrappedBytes = 32;
const cipher = 'chacha20-poly1305';
const zeroNonce = new Uint8Array(12);

/** The stanza's constructor is the library's, which is loaded only when it is needed. */
type MakeStanza = (args: string[], body: Uint8Array) => ReturnType<Recipient['wrapFileKey']>;

/** A passphrase that a file is sealed for; scrypt does 2^`work` rounds, each of which takes 1 KiB of memory. */
export function passphraseRecipient(passphrase: string, work: number, make: MakeStanza): Recipient {
  return {
    wrapFileKey: async (fileKey) => {
      const salt = randomBytes(saltBytes);
      const key = await stretch(passphrase, salt, work);
      const sealing = createCipheriv(cipher, key, zeroNonce, { authTagLength: 16 });
      const body = Buffer.concat([sealing.update(fileKey), sealing.final(), sealing.getAuthTag()]);
      return make([kind, base64(salt), String(work)], body);
    },
  };
}

/**
 * A passphrase that may open a file.
 *
 * @param name of the file in messages
 */
export function passphraseIdentity(passphrase: string, name: string): Identity {
  return {
    unwrapFileKey: async (stanzas) => {
      const stanza = stanzas.find(({ args }) => args[0] === kind);
      if (stanza === undefined) return null;
      const { salt, work } = parseStanza(stanza.args, stanza.body, name);
      const key = await stretch(passphrase, salt, work);
      const opening = createDecipheriv(cipher, key, zeroNonce, { authTagLength: 16 });
      opening.setAuthTag(stanza.body.subarray(-16));
      try {
        return Buffer.concat([opening.update(stanza.body.subarray(0, -16)), opening.final()]);
      } catch {
        return null;
      }
    },
  };
}

/**
 * Refuses a passphrase beside other recipients, whoever opens the file: who knows one of them could have made a file
 * that seems to come from somebody who knows the passphrase. The library looks only when it is given a passphrase.
 */
export function passphraseStandsAlone(name: string): Identity {
  return {
    unwrapFileKey: (stanzas) => {
      if (stanzas.length > 1 && stanzas.some(({ args }) => args[0] === kind))
        throw damaged(name, 'its age header names a passphrase beside other recipients');
      return null;
    },
  };
}

function parseStanza(
  args: readonly string[],
  body: Uint8Array,
  name: string,
): { salt: Buffer; work: number } {
  const [, saltText = '', workText = ''] = args;
  const salt = Buffer.from(saltText, 'base64');
  const isSalt = salt.length === saltBytes && base64(salt) === saltText;
  if (args.length !== 3 || !isSalt || !/^[1-9]\d*$/.test(workText) || body.length !== wrappedBytes)
    throw damaged(name, 'the part of its age header about a passphrase is not valid');
  const work = Number(workText);
  if (work <= limits.passphraseWorkMost) return { salt, work };
  throw damaged(
    name,
    `it asks for 2^${work} rounds of scrypt, and more than 2^${limits.passphraseWorkMost} are not done`,
  );
}

async function stretch(passphrase: string, salt: Uint8Array, work: number): Promise<Buffer> {
  const N = 2 ** work;
  const options = { N, r: 8, p: 1, maxmem: 2 * 128 * 8 * N + 1024 * 1024 };
  return new Promise((resolve, reject) => {
    const salted = Buffer.concat([Buffer.from(label), salt]);
    scrypt(passphrase, salted, 32, options, (error, key) => (error === null ? resolve(key) : reject(error)));
  });
}

function base64(bytes: Buffer): string {
  return bytes.toString('base64').replaceAll('=', '');
}
