import { createHash } from 'node:crypto';
import { Failure, isFailure, limits } from '@holdfast/base';
import { KeyList, successionFault, type StoredKeyList } from '@holdfast/model';
import { openManifest, signManifest, verifyManifest } from '../manifest/envelope.ts';
import type { SigningKey } from '../manifest/signing-key.ts';
import { parseTrustedKeys } from '../manifest/trusted-keys.ts';
import type { VerifyingKey } from '../manifest/verifying-key.ts';
import { apiVersion, encodeRecord, parseRecord } from '../record.ts';
import { pathOf } from '../storage/path-of.ts';
import type { Storage } from '../storage/storage.ts';

const folder = 'keys';
const pattern = /^keys\/(\d{6})\.json$/;

/** All key lists of a repository, each proven to follow the one before. */
export interface KeyChain {
  /** In their order; the last one counts. */
  readonly lists: readonly StoredKeyList[];
  /** Ids of the keys of which one signature or more of these lists fit. */
  readonly signedBy: ReadonlySet<string>;
}

/**
 * Reads the key lists of a repository, from the first to the newest.
 *
 * @param others keys whose signatures are looked for too, beside those that the lists name
 * @throws keys-untrusted when one is missing, damaged, or may not stand where it stands; repository-newer; what the
 *   storage throws
 */
export async function readKeyLists(
  storage: Storage,
  repositoryId: string,
  others: readonly VerifyingKey[] = [],
): Promise<KeyChain> {
  const lists: StoredKeyList[] = [];
  const signedBy = new Set<string>();
  const listed = await lastNumber(storage);
  // A listing may lag behind: what comes after is asked for until nothing is there.
  for (let sequence = 1; ; sequence += 1) {
    const bytes = await storage.get(keyOf(sequence), limits.recordBytes).catch((error: unknown) => {
      throw asUntrusted(storage, sequence, error);
    });
    if (bytes === undefined && sequence > listed) return { lists, signedBy };
    if (bytes === undefined)
      throw untrusted(storage, `${keyOf(sequence)} is missing, and ${keyOf(listed)} is there`);
    const before = lists.at(-1);
    const { list, envelope } = parse(storage, sequence, bytes);
    const keys = [...(before === undefined ? [] : signersOf(storage, before.list)), ...others];
    const fits = verifyManifest(envelope, [...keys, ...signersOf(storage, list)], 'key list').signedBy;
    const fault = successionFault(repositoryId, before, list, fits);
    if (fault !== undefined) throw untrusted(storage, `${keyOf(sequence)} may not follow: ${fault}`);
    lists.push({ list, sha256: sha256Of(bytes) });
    for (const keyid of fits) signedBy.add(keyid);
  }
}

/**
 * Writes the list after those that are there.
 *
 * @throws keys-changed when another list took its place
 */
export async function writeKeyList(
  storage: Storage,
  list: KeyList,
  signing: SigningKey | undefined,
): Promise<StoredKeyList> {
  const record = encodeRecord(KeyList.parse(list));
  const bytes = signManifest(record, signing === undefined ? [] : [signing], 'key list');
  const key = keyOf(list.sequence);
  if (!(await storage.put(key, bytes))) {
    // A write whose answer was lost and that was tried again finds itself.
    const there = await storage.get(key, limits.recordBytes);
    if (there === undefined || !bytes.equals(there)) {
      throw new Failure('keys-changed', `${key} is there now`, { repository: storage.location });
    }
  }
  return { list, sha256: sha256Of(bytes) };
}

/**
 * The public keys of the signers of a list, those that count no more too.
 *
 * @throws keys-untrusted when one is not the key that it is said to be
 */
export function signersOf(storage: Storage, list: KeyList): VerifyingKey[] {
  return list.signers.map(({ keyid, publicKey }) => {
    const [key] = parsed(publicKey);
    if (key?.keyid === keyid && key.toPem() === publicKey) return key;
    throw untrusted(storage, `${keyOf(list.sequence)}: the public key of ${keyid} is another one, or none`);
  });
}

/** Keys that cannot be trusted, with the reason. */
export function untrusted(storage: Storage, why: string, cause?: unknown): Failure {
  return new Failure('keys-untrusted', why, { repository: storage.location }, { cause });
}

function parsed(pem: string): VerifyingKey[] {
  try {
    return parseTrustedKeys(pem, '');
  } catch (error) {
    if (isFailure(error, 'trusted-keys-invalid')) return [];
    throw error;
  }
}

/** The newest number that is listed; 0: none. */
async function lastNumber(storage: Storage): Promise<number> {
  let last = 0;
  for await (const { key } of storage.list(folder))
    last = Math.max(last, Number(pattern.exec(key)?.[1] ?? 0));
  return last;
}

function parse(storage: Storage, sequence: number, bytes: Uint8Array) {
  const path = pathOf(storage, keyOf(sequence));
  try {
    const envelope = openManifest(bytes, path, 'key list');
    const at = { path, repository: storage.location, version: apiVersion };
    return { envelope, list: parseRecord(envelope.payload, at, KeyList) };
  } catch (error) {
    throw asUntrusted(storage, sequence, error);
  }
}

/** A list that cannot be read is as bad as a forged one: nothing may be sealed without it. */
function asUntrusted(storage: Storage, sequence: number, error: unknown): unknown {
  if (!isFailure(error, 'manifest-damaged')) return error;
  return untrusted(storage, `${keyOf(sequence)} is damaged: ${error.why}`, error);
}

function keyOf(sequence: number): string {
  return `${folder}/${String(sequence).padStart(6, '0')}.json`;
}

function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
