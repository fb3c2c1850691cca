import { Failure, isFailure, type Clock } from '@holdfast/base';
import { adminsOf, type KeyList } from '@holdfast/model';
import type { SigningKey } from '../manifest/signing-key.ts';
import { apiVersion } from '../record.ts';
import { writeKeyList } from './key-lists.ts';
import type { SealedSecret } from './secret.ts';
import { rememberList, trustedLists, type KeyPlace } from './trusted-lists.ts';

/** Where keys are to be changed, and by whom. */
export interface KeyChangePlace extends KeyPlace {
  readonly clock: Clock;
  /** Find out what would be done, and do nothing. */
  readonly dryRun?: boolean;
}

/** What became of the keys of a repository. */
export interface KeyChange {
  /** Undefined: it had none. */
  readonly before: KeyList | undefined;
  readonly list: KeyList;
  /** Objects that are needed no more and could not be removed. */
  readonly left: readonly string[];
}

/** What a change makes of a list: the fields that become others, and the secret keys that come with them. */
export interface Edit extends Partial<Pick<KeyList, 'recipients' | 'signers' | 'secrets'>> {
  readonly sealed?: readonly SealedSecret[];
}

/**
 * Changes the keys of a repository: writes the secret keys, then the list, which is what makes them count.
 *
 * @param edit says what is to change in the list that is there; the entries of `sealed` are added to its `secrets`.
 *   `everSealedFor` has all keys that ever stood among the recipients, the newest ones first
 * @throws keys-changed when somebody else changed them meanwhile, signer-missing, and what reading the lists throws
 */
export async function changeKeys(
  place: KeyChangePlace,
  edit: (before: KeyList | undefined, at: Date, everSealedFor: ReadonlySet<string>) => Promise<Edit>,
): Promise<KeyChange> {
  const { storage, repositoryId, clock, dryRun } = place;
  const { newest, everSealedFor } = await trustedLists(place);
  const before = newest?.list;
  // Clocks of two machines differ; a list never says a time before that of the one before.
  const at = new Date(Math.max(clock.now().getTime(), Date.parse(before?.at ?? '') || 0));
  const { sealed = [], ...fields } = await edit(before, at, everSealedFor);
  const { recipients = [], signers = [], secrets = [] } = { ...before, ...fields };
  const list: KeyList = {
    apiVersion,
    kind: 'KeyList',
    repository: repositoryId,
    sequence: (before?.sequence ?? 0) + 1,
    previous: newest?.sha256 ?? null,
    at: at.toISOString(),
    recipients,
    signers,
    secrets: [...secrets, ...sealed.map(({ entry }) => entry)],
  };
  const signing = signerOf(place, before, list);
  if (dryRun === true) return { before, list, left: [] };
  for (const { entry, bytes } of sealed) await storage.put(entry.object, bytes);
  try {
    await rememberList(place, await writeKeyList(storage, list, signing));
  } catch (error) {
    if (isFailure(error, 'keys-changed')) await removeObjects(place, objectsOf(sealed));
    throw error;
  }
  const kept = new Set(list.secrets.map(({ object }) => object));
  const dropped = (before?.secrets ?? []).map(({ object }) => object).filter((object) => !kept.has(object));
  return { before, list, left: await removeObjects(place, dropped) };
}

/** The list that is there. @throws keys-none */
export function listed(place: KeyPlace, list: KeyList | undefined): KeyList {
  if (list !== undefined) return list;
  throw new Failure('keys-none', 'there is no key list', { repository: place.storage.location });
}

/** The key that signs the next list; undefined where none is asked for. */
function signerOf(
  { storage, client: { signing } }: KeyChangePlace,
  before: KeyList | undefined,
  list: KeyList,
): SigningKey | undefined {
  const admins = before !== undefined && adminsOf(before).length > 0 ? adminsOf(before) : adminsOf(list);
  if (admins.length === 0) return undefined;
  if (signing !== undefined && admins.some(({ keyid }) => keyid === signing.publicKey.keyid)) return signing;
  const why =
    signing === undefined
      ? 'a change of its keys has to be signed, and no signing key was given'
      : `a change of its keys has to be signed by an admin, which ${signing.publicKey.keyid} is not`;
  throw new Failure('signer-missing', why, { repository: storage.location });
}

function objectsOf(sealed: readonly SealedSecret[]): string[] {
  return sealed.map(({ entry }) => entry.object);
}

/** Removes what no list names any more; returns what could not be. */
async function removeObjects({ storage }: KeyPlace, objects: readonly string[]): Promise<string[]> {
  const left: string[] = [];
  for (const object of objects) {
    try {
      await storage.delete(object);
    } catch (error) {
      if (!isFailure(error)) throw error;
      left.push(object);
    }
  }
  return left;
}
