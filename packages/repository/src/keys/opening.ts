import { Failure, isFailure } from '@holdfast/base';
import type { KeyList, StoredSecret } from '@holdfast/model';
import type { OpenWith } from '../object/age/header.ts';
import type { SecretKey } from '../object/keys/secret-key.ts';
import { openSecret } from './secret.ts';
import type { KeyPlace } from './trusted-lists.ts';

/**
 * The client's own secret keys and passphrases, and every secret key of the repository that is opened by them, or by one
 * that they open.
 *
 * @throws key-missing when the client has none; when it has only passphrases, why they open nothing: key-not-matching,
 *   object-damaged; what asking the client throws: key-file-invalid, file-unreadable
 */
export async function openKeys(
  { storage, client }: Pick<KeyPlace, 'storage' | 'client'>,
  list: KeyList | undefined,
): Promise<Required<OpenWith>> {
  const own = await client.opening?.();
  const passphrases = own?.passphrases ?? [];
  const keys = new Map((own?.keys ?? []).map((key) => [key.publicKey.text, key]));
  if (keys.size === 0 && passphrases.length === 0)
    throw new Failure('key-missing', 'none was given', { repository: storage.location });
  const faults: Failure[] = [];
  const left = new Set(list?.secrets);
  for (let secret; (secret = nextOf(left, keys, passphrases)) !== undefined; left.delete(secret)) {
    try {
      const key = await openSecret(storage, secret, { keys: [...keys.values()], passphrases });
      keys.set(key.publicKey.text, key);
    } catch (error) {
      // One that is lost, or is another passphrase's, leaves the others as they are.
      if (!isFailure(error, 'key-not-matching') && !isFailure(error, 'object-damaged')) throw error;
      faults.push(error);
    }
  }
  if (keys.size === 0 && faults[0] !== undefined) throw faults[0];
  return { keys: [...keys.values()], passphrases };
}

/** A secret key that is not known yet, and that may be opened; those that need no passphrase come first. */
function nextOf(
  left: ReadonlySet<StoredSecret>,
  keys: ReadonlyMap<string, SecretKey>,
  passphrases: readonly string[],
): StoredSecret | undefined {
  const unknown = [...left].filter(({ recipient }) => !keys.has(recipient));
  const byKey = unknown.find(
    ({ sealedFor }) => sealedFor !== 'passphrase' && sealedFor.some((each) => keys.has(each)),
  );
  return byKey ?? unknown.find(({ sealedFor }) => sealedFor === 'passphrase' && passphrases.length > 0);
}
