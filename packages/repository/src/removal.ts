import { Failure, isFailure, type Clock } from '@holdfast/base';
import { claimFolder, isClaim, type Claim } from './claim.ts';
import { Commits } from './commits.ts';
import type { KeyRing } from './keys/key-ring.ts';
import { isManifestFile, manifestV1File, ownerOf, pinFile, snapshotFolder, unwantedFile } from './layout.ts';
import type { Committed, Lease } from './lease/index.ts';
import { placeOf } from './lineage.ts';
import { findOrphan } from './orphan.ts';
import { putRemoval } from './removal-record.ts';
import type { Storage } from './storage/storage.ts';

/** Where and with what something is removed. */
export interface RemovalPlace {
  readonly storage: Storage;
  readonly ring: KeyRing;
  readonly clock: Clock;
  readonly clusterId: string;
}

/**
 * Takes a manifest off the list of what is committed. If it has a place in a chain, its removal is recorded before: a
 * hole that nothing explains would look as if somebody had taken it away who may not.
 *
 * @throws signer-missing where the record has to be signed, and this client cannot; lease-lost, what storages throw
 */
export async function withdrawManifest(
  place: RemovalPlace,
  lease: Lease,
  manifest: Pick<Committed, 'key' | 'sha256'>,
): Promise<void> {
  const says = await placeOf(place, manifest);
  if (says !== undefined) await putRemoval(place, place.clusterId, { ...says, sha256: manifest.sha256 });
  await lease.withdraw(manifest.key);
}

/**
 * Removes a snapshot, damaged and unfinished ones too: first it is taken off the list of what is committed, after which
 * it does not exist, then its objects go. When it is cut short, what is left is an unfinished snapshot that another
 * removal or save clears away.
 *
 * @throws signer-missing where removals have to be signed, and this client cannot
 * @throws snapshot-missing, snapshot-busy, lease-held, lease-lost, commits-missing, file-unwritable
 */
export async function removeSnapshot(place: RemovalPlace, name: string): Promise<void> {
  const { storage, clusterId } = place;
  const folder = snapshotFolder(clusterId, name);
  const claim = await claimFolder(storage, folder, place.clock);
  if (claim === undefined) {
    throw new Failure('snapshot-busy', 'another process has claimed the name', { name });
  }
  const commits = new Commits(place, clusterId);
  let known = false;
  try {
    const keys = await keysIn(storage, folder);
    const isOwn = ({ key }: Committed): boolean => key.startsWith(`${folder}/`);
    const committed = [...((await commits.committed())?.values() ?? [])].filter(isOwn);
    known = keys.length > 0 || committed.length > 0;
    const withdraw = (): Promise<void> =>
      commits.change(async (lease) => {
        for (const each of committed) await withdrawManifest(place, lease, each);
      });
    const isManifest = (key: string): boolean => isManifestFile(key.slice(folder.length + 1));
    const rest = keys.filter((key) => !isManifest(key));
    if (committed.length > 0) {
      try {
        await withdraw();
      } catch (error) {
        if (!isFailure(error, 'disk-full')) throw error;
        // A full disk is when snapshots are removed: room for the record is made by what it is about.
        await deleteHeld(storage, claim, rest);
        await withdraw();
      }
    }
    await deleteHeld(storage, claim, keys.filter(isManifest));
    await deleteHeld(storage, claim, rest);
  } finally {
    await claim.release();
  }
  if (!known && !claim.inherited) {
    throw new Failure('snapshot-missing', 'the repository holds nothing under this name', { name });
  }
}

/**
 * Clears away what a dead writer, or a removal that was cut short, left under a name: its claim shows that it is no
 * snapshot which lost its manifest. Of a snapshot that exists only such a claim goes. A mark that somebody put while the
 * snapshot was removed goes too.
 *
 * @returns false when somebody is at work there, or it is not known whose remains it is
 * @throws snapshot-busy, lease-held, lease-lost, commits-missing, what storages throw
 */
export async function clearRemains(place: RemovalPlace, name: string): Promise<boolean> {
  const { storage, clock, clusterId } = place;
  const folder = snapshotFolder(clusterId, name);
  const claim = await claimFolder(storage, folder, clock);
  if (claim === undefined) return false;
  try {
    const isOurs = claim.inherited || (await holdsMarkAlone(storage, folder));
    return isOurs && (await clearClaimed(place, folder, claim));
  } finally {
    await claim.release();
  }
}

async function holdsMarkAlone(storage: Storage, folder: string): Promise<boolean> {
  const keys = await keysIn(storage, folder);
  return keys.length > 0 && keys.every((key) => key === `${folder}/${unwantedFile}`);
}

async function clearClaimed(place: RemovalPlace, folder: string, claim: Claim): Promise<boolean> {
  const { storage, clusterId } = place;
  // Asked before the lease is taken: who takes it leaves entries behind, be there anything to do or not.
  if (await isSnapshot(storage, folder, await new Commits(place, clusterId).committed())) return true;
  const keys = await keysIn(storage, folder);
  if (keys.length === 0) return true;
  if (keys.includes(`${folder}/${pinFile}`)) return false;
  // The one who was taken for dead commits as the holder of the lease, and only while the claim is its own.
  return await new Commits(place, clusterId).change(async (_, committed) => {
    if (await isSnapshot(storage, folder, committed)) return true;
    if ((await findOrphan(place, clusterId, keys)) !== undefined) return false;
    await deleteHeld(storage, claim, keys);
    return true;
  });
}

/** Whether a folder is that of a snapshot which exists: it has a manifest of v1, or one that is committed. */
export async function isSnapshot(
  storage: Storage,
  folder: string,
  committed: ReadonlyMap<string, Committed> = new Map(),
): Promise<boolean> {
  if ((await storage.stat(`${folder}/${manifestV1File}`)) !== undefined) return true;
  return [...committed.keys()].some((key) => key.startsWith(`${folder}/`));
}

/**
 * Deletes what lies under a claimed name, as long as the claim is held: one who was taken for dead, and wakes up, takes
 * nothing from its successor.
 *
 * @throws snapshot-busy when the claim is lost
 */
export async function deleteHeld(storage: Storage, claim: Claim, keys: readonly string[]): Promise<void> {
  for (const key of keys) {
    if (!(await claim.isHeld()))
      throw new Failure('snapshot-busy', 'another process has taken over the name', {
        name: ownerOf(key).name ?? key,
      });
    await storage.delete(key);
  }
}

/** What lies in a folder, but for claims. */
async function keysIn(storage: Storage, folder: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const object of storage.list(folder)) if (!isClaim(object)) keys.push(object.key);
  return keys;
}
