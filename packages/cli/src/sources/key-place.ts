import { Failure } from '@holdfast/base';
import type { KeyList } from '@holdfast/model';
import type { KeyChangePlace } from '@holdfast/repository/keys';
import type { Session } from '../session.ts';
import { clientKeys } from './keys.ts';
import { openRepository } from './repository.ts';

/** The keys of the repository of the settings, for one who wants to change them. */
export interface ChangeableKeys {
  readonly place: KeyChangePlace;
  /** Undefined: there are none. */
  readonly list: KeyList | undefined;
}

/** @throws what opening a repository throws */
export async function changeableKeys(session: Session, dryRun: boolean): Promise<ChangeableKeys> {
  const { storage, record, ring } = await openRepository(session);
  const client = await clientKeys(session.settings);
  const { clock } = session.io;
  return { place: { storage, repositoryId: record.id, client, clock, dryRun }, list: ring.list };
}

/** One key of a list: one that is sealed for, or one that signs. */
export type FoundKey =
  | { readonly kind: 'reader'; readonly name: string; readonly key: string }
  | { readonly kind: 'signer'; readonly name: string; readonly key: string };

/**
 * The key that a person means: by the whole key, or by its name.
 *
 * @throws keys-none, key-unknown, usage when several have the name
 */
export function findKey({ place, list }: ChangeableKeys, word: string): FoundKey {
  const repository = place.storage.location;
  if (list === undefined) throw new Failure('keys-none', 'there is no key list', { repository });
  const keys: FoundKey[] = [
    ...list.recipients.map(({ name, key }) => ({ kind: 'reader', name, key }) as const),
    ...list.signers.map(({ name, keyid }) => ({ kind: 'signer', name, key: keyid }) as const),
  ];
  const found = keys.filter(({ name, key }) => key === word || name === word);
  const [one, ...more] = found;
  if (one === undefined)
    throw new Failure('key-unknown', 'no key is that, or called so', { repository, key: word });
  if (more.length === 0) return one;
  const all = found.map(({ key }) => key).join(' and ');
  throw new Failure('usage', `${all} are called ${word}: name one by the key itself`);
}
