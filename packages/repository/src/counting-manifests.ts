import { Failure, type Clock } from '@holdfast/base';
import { Commits, commitsMissing } from './commits.ts';
import { orDamaged, type DamagedRecord, type ManifestFile } from './entry.ts';
import type { KeyRing } from './keys/key-ring.ts';
import {
  clusterFolder,
  isCommittableKey,
  manifestV1File,
  ownerOf,
  sortObjects,
  type SnapshotFolder,
} from './layout.ts';
import type { Committed } from './lease/index.ts';
import { findOrphan, newestUnremoved } from './orphan.ts';
import { pathOf } from './storage/path-of.ts';
import type { Storage } from './storage/storage.ts';

/** A folder of a snapshot's name; without a manifest that counts it is an unfinished one. */
export interface FoundFolder {
  readonly folder: SnapshotFolder;
  readonly manifest: ManifestFile | undefined;
}

/** Where it is looked, and where it is told what is wrong. */
export interface CountingPlace {
  readonly storage: Storage;
  readonly ring: KeyRing;
  readonly clock: Clock;
  readonly damaged: DamagedRecord[];
}

/**
 * Tells which manifest makes which folder of a cluster a snapshot: the one that is committed, else one of v1. Where the record
 * of commits is lost, the newest that is there, and that is told: better shown than lost.
 *
 * @throws lease-held, what storages throw
 */
export async function countingManifests(
  place: CountingPlace,
  clusterId: string,
  folders: readonly SnapshotFolder[],
): Promise<FoundFolder[]> {
  const { storage, damaged } = place;
  const key = `${clusterFolder(clusterId)}/lease`;
  const read = await orDamaged(place, { clusterId, name: null, key }, async () => ({
    committed: await new Commits(place, clusterId).committed(),
  }));
  const committed = read?.committed;
  const found: FoundFolder[] = [];
  if (committed === undefined) {
    const isLost = folders.some((folder) => committable(folder).length > 0);
    if (isLost && read !== undefined) {
      const failure = commitsMissing(clusterFolder(clusterId));
      damaged.push({ clusterId, name: null, path: pathOf(storage, key), failure });
    }
    for (const folder of folders) found.push({ folder, manifest: await manifestByItself(place, folder) });
    return found;
  }
  for (const folder of folders) {
    const counting = manifestIn(folder, committed);
    if (counting?.committed !== 'v1' && counting !== undefined) found.push({ folder, manifest: counting });
    else if (!(await tellOrphan(place, folder))) found.push({ folder, manifest: counting });
  }
  return [...found, ...(await lateFolders(place, clusterId, folders, committed))];
}

/** The manifest that makes a folder a snapshot. */
function manifestIn(
  folder: SnapshotFolder,
  committed: ReadonlyMap<string, Committed>,
): ManifestFile | undefined {
  for (const [file, { key }] of folder.objects) {
    const commit = committed.get(key);
    if (commit !== undefined) return { file, committed: commit };
  }
  return folder.objects.has(manifestV1File) ? { file: manifestV1File, committed: 'v1' } : undefined;
}

async function manifestByItself(
  place: CountingPlace,
  folder: SnapshotFolder,
): Promise<ManifestFile | undefined> {
  const newest = await newestUnremoved(place, folder.clusterId, committable(folder));
  if (newest !== undefined) return { file: newest.slice(folder.key.length + 1), committed: 'unknown' };
  return folder.objects.has(manifestV1File) ? { file: manifestV1File, committed: 'v1' } : undefined;
}

/** Whether a manifest is there that is signed, and that neither a commit nor a removal explains; it is told. */
async function tellOrphan(place: CountingPlace, folder: SnapshotFolder): Promise<boolean> {
  const { clusterId, name } = folder;
  const orphan = await findOrphan(
    place,
    clusterId,
    [...folder.objects.values()].map(({ key }) => key),
  );
  if (orphan === undefined) return false;
  const path = pathOf(place.storage, orphan);
  const lease = `${clusterFolder(clusterId)}/lease`;
  const failure = new Failure('manifest-uncommitted', 'no commit and no removal explains it', {
    path,
    lease,
    name,
  });
  place.damaged.push({ clusterId, name, path, failure });
  return true;
}

/** Folders of what was committed after they were listed; what is committed and not there is told. */
async function lateFolders(
  { storage, damaged }: CountingPlace,
  clusterId: string,
  folders: readonly SnapshotFolder[],
  committed: ReadonlyMap<string, Committed>,
): Promise<FoundFolder[]> {
  const listed = new Set(folders.flatMap(({ objects }) => [...objects.values()].map(({ key }) => key)));
  const found: FoundFolder[] = [];
  for (const key of committed.keys()) {
    if (listed.has(key)) continue;
    const folder = key.slice(0, key.lastIndexOf('/'));
    const [late] = (await sortObjects(storage.list(folder))).folders;
    const manifest = late && manifestIn(late, committed);
    if (late !== undefined && manifest !== undefined) {
      found.push({ folder: late, manifest });
      continue;
    }
    const path = pathOf(storage, key);
    const failure = new Failure('manifest-damaged', 'it is committed, and not there', { path });
    damaged.push({ ...ownerOf(key), clusterId, path, failure });
  }
  return found;
}

function committable({ objects }: SnapshotFolder): string[] {
  return [...objects.values()].map(({ key }) => key).filter(isCommittableKey);
}
