import { isFailure } from '@holdfast/base';
import type { KeyRing } from './keys/key-ring.ts';
import { isCommittableKey } from './layout.ts';
import { readManifest, type ReadManifest } from './read-manifest.ts';
import { removedAmong } from './removal-record.ts';
import type { Storage } from './storage/storage.ts';

/** Where manifests are read, and whose signatures count. */
export interface ManifestPlace {
  readonly storage: Storage;
  readonly ring: Pick<KeyRing, 'trust'>;
}

/**
 * A manifest that is signed as the repository asks for, and whose removal nobody has recorded: with no commit it is what a writer
 * left that died in that very moment, or one that somebody took off the list. It must not be cleared away unasked. Where no
 * signatures are asked for there is none.
 *
 * @param keys of what lies in a folder, in which nothing is committed
 * @param own the id of a key whose manifests are passed over: their writer is about to write the same name again
 * @returns its key
 * @throws what storages throw
 */
export async function findOrphan(
  place: ManifestPlace,
  clusterId: string,
  keys: readonly string[],
  own?: string,
): Promise<string | undefined> {
  if (place.ring.trust.policy.require !== 'signed') return undefined;
  for (const key of keys) {
    const read = await readOrUndefined(place, key);
    if (read?.trust.trusted !== true || (own !== undefined && isBy(own, read))) continue;
    if (!(await isRemoved(place, clusterId, read.sha256))) return key;
  }
  return undefined;
}

/**
 * Of manifests whose commits are lost the newest that is not removed, a trusted one before others.
 *
 * @returns its key; undefined when there is none
 * @throws what storages throw
 */
export async function newestUnremoved(
  place: ManifestPlace,
  clusterId: string,
  keys: readonly string[],
): Promise<string | undefined> {
  let second: string | undefined;
  for (const key of keys.toSorted().toReversed()) {
    const read = await readOrUndefined(place, key);
    if (read !== undefined && (await isRemoved(place, clusterId, read.sha256))) continue;
    if (read?.trust.trusted === true) return key;
    second ??= key;
  }
  return second;
}

/** Whether a manifest is of this writer, and signed by it. */
function isBy(keyid: string, { manifest, trust }: ReadManifest): boolean {
  return manifest.lineage?.writer === keyid && trust.by.some((each) => each.keyid === keyid);
}

async function isRemoved(place: ManifestPlace, clusterId: string, sha256: string): Promise<boolean> {
  return (await removedAmong(place, clusterId, new Set([sha256]))).has(sha256);
}

/** Undefined for what is no manifest of v2, or none that can be read. */
async function readOrUndefined(
  { storage, ring }: ManifestPlace,
  key: string,
): Promise<ReadManifest | undefined> {
  if (!isCommittableKey(key)) return undefined;
  try {
    return await readManifest(storage, key, 'unknown', ring.trust);
  } catch (error) {
    if (isFailure(error, 'manifest-damaged') || isFailure(error, 'repository-newer')) return undefined;
    throw error;
  }
}
