import { Failure, isFailure } from '@holdfast/base';
import type { KeyList, StoredKeyList } from '@holdfast/model';
import type { Storage } from '../storage/storage.ts';
import type { ClientKeys } from './client-keys.ts';
import { readKeyLists, untrusted, type KeyChain } from './key-lists.ts';
import { memoryPath, placePath, recall, recallPlace, remember, rememberPlace } from './memory.ts';

/** A repository's keys, and who asks for them. */
export interface KeyPlace {
  readonly storage: Storage;
  readonly repositoryId: string;
  readonly client: ClientKeys;
}

/** The newest key list, which the client has reason to rely on. */
export interface TrustedLists {
  /** Undefined: there is none. */
  readonly newest: StoredKeyList | undefined;
  /** Every key that was ever sealed for, the newest ones first. */
  readonly everSealedFor: ReadonlySet<string>;
  readonly firstUse: boolean;
  readonly unremembered: Failure | undefined;
}

/**
 * Reads the key lists, and compares them with what the client trusts and remembers; then remembers the newest.
 *
 * @throws keys-untrusted, keys-rolled-back, memory-damaged, repository-newer; what the storage throws
 */
export async function trustedLists(place: KeyPlace): Promise<TrustedLists> {
  const { storage, repositoryId, client } = place;
  const { memory } = client;
  // Asked first: what another process remembers meanwhile may be newer than what is read here.
  const remembered = memory === undefined ? undefined : await orWhyNot(recall(memory, repositoryId));
  if (memory !== undefined) await checkPlace(place, memory);
  const chain = await readKeyLists(storage, repositoryId, client.trusted);
  if (chain.lists.length > 0) checkVouched(place, chain);
  const newest = chain.lists.at(-1);
  const recipients = chain.lists.toReversed().flatMap(({ list }) => list.recipients.map(({ key }) => key));
  const found = { newest, everSealedFor: new Set(recipients) };
  if (memory === undefined || remembered === undefined)
    return { ...found, firstUse: false, unremembered: undefined };
  if (remembered instanceof Failure) return { ...found, firstUse: false, unremembered: remembered };
  const { keyList } = remembered;
  checkRemembered(place, memory, chain.lists, keyList);
  const firstUse = newest !== undefined && keyList === null;
  const known = newest === undefined || keyList?.sequence === newest.list.sequence;
  return { ...found, firstUse, unremembered: known ? undefined : await rememberList(place, newest) };
}

/**
 * Remembers the newest list, unless a newer one is remembered.
 *
 * @returns why it could not
 */
export async function rememberList(
  { storage, client, repositoryId }: KeyPlace,
  { list, sha256 }: StoredKeyList,
): Promise<Failure | undefined> {
  if (client.memory === undefined) return undefined;
  const change = remember(client.memory, repositoryId, (before) => {
    if ((before.keyList?.sequence ?? 0) >= list.sequence) return before;
    return { ...before, keyList: { sequence: list.sequence, sha256 } };
  });
  const { memory } = client;
  return orWhyNot(
    change.then(() => rememberPlace(memory, storage.location, repositoryId)).then(() => undefined),
  );
}

/** Refuses another repository where one with keys was seen before: its key list would be taken as a first one is. */
async function checkPlace({ storage, repositoryId }: KeyPlace, memory: string): Promise<void> {
  const seen = await orWhyNot(recallPlace(memory, storage.location));
  if (seen === undefined || seen instanceof Failure || seen === repositoryId) return;
  const why = `the repository here has the id ${repositoryId}, and ${seen} was seen here before`;
  const path = placePath(memory, storage.location);
  throw new Failure('keys-rolled-back', why, { repository: storage.location, path });
}

/** Who may not write or read here, or has no space, can read his snapshots all the same. */
async function orWhyNot<T>(work: Promise<T>): Promise<T | Failure> {
  try {
    return await work;
  } catch (error) {
    const codes = ['file-unreadable', 'file-unwritable', 'disk-full'];
    if (isFailure(error) && codes.includes(error.code)) return error;
    throw error;
  }
}

/**
 * Refuses lists of which none was signed by a key that the client trusts. One is enough: those before it led to it, and
 * those after it follow from it.
 */
function checkVouched({ storage, client }: KeyPlace, { signedBy }: KeyChain): void {
  if (client.trusted === undefined || client.trusted.some(({ keyid }) => signedBy.has(keyid))) return;
  throw untrusted(storage, 'none of the trusted keys has signed any of its key lists');
}

function checkRemembered(
  { storage, repositoryId }: KeyPlace,
  memory: string,
  lists: readonly StoredKeyList[],
  seen: (Pick<KeyList, 'sequence'> & { sha256: string }) | null,
): void {
  if (seen === null || lists[seen.sequence - 1]?.sha256 === seen.sha256) return;
  const why =
    seen.sequence > lists.length
      ? `key list ${seen.sequence} was seen before, and ${lists.length === 0 ? 'none is there' : `the newest there is ${lists.length}`}`
      : `key list ${seen.sequence} is another one than was seen before`;
  const path = memoryPath(memory, repositoryId);
  throw new Failure('keys-rolled-back', why, { repository: storage.location, path });
}
