import { unlink } from 'node:fs/promises';
import { Failure, isFailure } from '@holdfast/base';
import { generateSecretKey, formatSecretKeyFile, type SecretKey } from '../object/keys/secret-key.ts';
import { stageBeside } from '../storage/local/beside.ts';
import { changeKeys, listed, type KeyChange, type KeyChangePlace } from './change.ts';
import { handOver } from './hand-over.ts';
import { openKeys } from './opening.ts';
import { without } from './recipients.ts';
import { sealSecret } from './secret.ts';

/**
 * Puts a new secret key in the place of one of the caller's. What is stored from now on is sealed for the new one; what is
 * stored already stays as it is, and is opened by the old one, which is sealed for the new one.
 *
 * @param to where the new one is kept: in a new file (0600), or in the repository under a passphrase
 * @throws keys-none, key-unknown, key-not-matching when the caller does not have the old one, file-exists,
 *   file-unwritable, disk-full; what {@link openKeys} and {@link changeKeys} throw
 */
export async function rotateKey(
  place: KeyChangePlace,
  { from, to }: { readonly from: string; readonly to: { file: string } | { passphrase: string } },
): Promise<KeyChange> {
  let written = false;
  try {
    return await changeKeys(place, async (before, at) => {
      const list = listed(place, before);
      const name = list.recipients.find(({ key }) => key === from)?.name ?? from;
      const left = without(place, list, from);
      const old = (await openKeys(place, list)).keys.find((key) => key.publicKey.text === from);
      if (old === undefined) throw new Failure('key-not-matching', 'that key was not given', { path: from });
      const key = await generateSecretKey();
      // A passphrase that opened the old one is done with: the new one opens it.
      const secrets = list.secrets.filter(
        ({ recipient, sealedFor }) => recipient !== from || sealedFor !== 'passphrase',
      );
      const handed = await handOver([old], key.publicKey, secrets, at);
      if ('file' in to && place.dryRun !== true) {
        await writeSecretKeyFile(to.file, key, at);
        written = true;
      }
      return {
        recipients: [...left, { key: key.publicKey.text, name, addedAt: at.toISOString() }],
        secrets,
        sealed: 'file' in to ? handed : [...handed, await sealSecret(key, at, to)],
      };
    });
  } catch (error) {
    // Only then it is certain that the new key counts nowhere.
    if (written && 'file' in to && isFailure(error, 'keys-changed')) await unlink(to.file);
    throw error;
  }
}

/**
 * Keeps a secret key in a new file for this user only (0600), whole and durable or not at all.
 *
 * @throws file-exists, file-unwritable, disk-full
 */
export async function writeSecretKeyFile(path: string, key: SecretKey, at: Date): Promise<void> {
  const staged = await stageBeside(path);
  staged.write(Buffer.from(formatSecretKeyFile(key, at)));
  if (!(await staged.place())) throw new Failure('file-exists', 'a key is never written over', { path });
}
