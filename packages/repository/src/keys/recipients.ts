import { Failure, isFailure } from '@holdfast/base';
import type { KeyList, StoredSecret } from '@holdfast/model';
import type { SecretKey } from '../object/keys/secret-key.ts';
import { changeKeys, listed, type KeyChange, type KeyChangePlace } from './change.ts';
import { handOver } from './hand-over.ts';
import { newRecipient, type NewRecipient } from './init.ts';
import { openKeys } from './opening.ts';
import { openSecret, sealSecret, type SealedSecret } from './secret.ts';

/**
 * Seals what is stored from now on for one key more.
 *
 * @param past the caller's secret keys, of this repository, are sealed for the new key, so that it opens what they open
 * @throws keys-none, key-known, and what {@link changeKeys} throws; with `past` what {@link openKeys} throws
 */
export function addKey(
  place: KeyChangePlace,
  recipient: NewRecipient,
  { past }: { readonly past: boolean },
): Promise<KeyChange> {
  return changeKeys(place, async (before, at, everSealedFor) => {
    const list = listed(place, before);
    const made = await newRecipient(recipient, at);
    const { key } = made.recipient;
    if (list.recipients.some((each) => each.key === key)) {
      const details = { repository: place.storage.location, key };
      throw new Failure('key-known', 'what is stored is sealed for it', details);
    }
    const had = past ? (await openKeys(place, list)).keys : [];
    const keys = [...everSealedFor].flatMap(
      (each) => had.find(({ publicKey }) => publicKey.text === each) ?? [],
    );
    const handed = await handOver(keys, made.publicKey, list.secrets, at);
    return { recipients: [...list.recipients, made.recipient], sealed: [...made.sealed, ...handed] };
  });
}

/**
 * Seals what is stored from now on no more for a key. What is stored already can be opened with it for ever: who has the
 * key may have a copy, too.
 *
 * @param last also the last one, after which nothing is sealed
 * @throws keys-none, key-unknown, key-last, and what {@link changeKeys} throws
 */
export function removeKey(
  place: KeyChangePlace,
  { key, last }: { readonly key: string; readonly last: boolean },
): Promise<KeyChange> {
  return changeKeys(place, async (before) => {
    const list = listed(place, before);
    const recipients = without(place, list, key);
    if (recipients.length > 0 || last) return { recipients };
    const why = 'without it, nothing is sealed that is stored from now on';
    throw new Failure('key-last', why, { repository: place.storage.location, key, without: 'sealing' });
  });
}

/**
 * Puts a new passphrase in the place of the one that the caller knows; who knows none of them and can open their keys
 * by another way puts it in the place of all. The secret keys stay the same.
 *
 * @throws keys-none, key-unknown where no key has a passphrase, and what {@link openKeys} and {@link changeKeys} throw
 */
export function changePassphrase(
  place: KeyChangePlace,
  { passphrase }: { readonly passphrase: string },
): Promise<KeyChange> {
  return changeKeys(place, async (before, at) => {
    const list = listed(place, before);
    const using = await openKeys(place, list);
    const sealed: SealedSecret[] = [];
    const replaced = new Set<StoredSecret>();
    for (const secret of list.secrets.filter(({ sealedFor }) => sealedFor === 'passphrase')) {
      const key =
        using.passphrases.length > 0
          ? await openedBy(place, secret, using.passphrases)
          : using.keys.find((each) => each.publicKey.text === secret.recipient);
      if (key === undefined) continue;
      sealed.push(await sealSecret(key, at, { passphrase }));
      replaced.add(secret);
    }
    if (replaced.size > 0) return { secrets: list.secrets.filter((each) => !replaced.has(each)), sealed };
    const why = 'no key of the repository is opened by the given passphrase';
    throw new Failure('key-unknown', why, { repository: place.storage.location, key: 'with a passphrase' });
  });
}

/** The recipients without one of them. @throws key-unknown */
export function without(place: KeyChangePlace, list: KeyList, key: string): KeyList['recipients'] {
  const left = list.recipients.filter((each) => each.key !== key);
  if (left.length < list.recipients.length) return left;
  const details = { repository: place.storage.location, key };
  throw new Failure('key-unknown', 'what is stored is not sealed for it', details);
}

async function openedBy(
  { storage }: KeyChangePlace,
  secret: StoredSecret,
  passphrases: readonly string[],
): Promise<SecretKey | undefined> {
  try {
    return await openSecret(storage, secret, { passphrases });
  } catch (error) {
    if (isFailure(error, 'key-not-matching')) return undefined;
    throw error;
  }
}
