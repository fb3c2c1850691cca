import { Failure, type Clock } from '@holdfast/base';
import { ClusterRecord } from '@holdfast/model';
import { isAbandoned, isClaim } from './claim.ts';
import { countingManifests, type FoundFolder } from './counting-manifests.ts';
import { orDamaged, readEntry, type DamagedRecord, type EntryReader, type SnapshotEntry } from './entry.ts';
import { inParallel } from './in-parallel.ts';
import type { KeyRing } from './keys/key-ring.ts';
import {
  clusterFolder,
  clusterKey,
  clustersFolder,
  ownerOf,
  sortObjects,
  type SnapshotFolder,
} from './layout.ts';
import { readRecord } from './record.ts';
import { pathOf } from './storage/path-of.ts';
import type { Storage } from './storage/storage.ts';

/** What bears a snapshot's name and has no manifest, so that it is no snapshot. */
export interface UnfinishedSnapshot {
  readonly clusterId: string;
  readonly name: string;
  /** Bytes that it takes. */
  readonly size: number;
  /** Whether a save or a removal is at work on it. */
  readonly busy: boolean;
}

/** Everything that a repository, or one cluster in it, holds. */
export interface Listing {
  readonly clusters: readonly ClusterRecord[];
  /** By the time they were finished, oldest first. */
  readonly snapshots: readonly SnapshotEntry[];
  readonly damaged: readonly DamagedRecord[];
  readonly unfinished: readonly UnfinishedSnapshot[];
}

/** What a listing is made from. */
export interface ListingSource {
  readonly storage: Storage;
  readonly ring: KeyRing;
  readonly clock: Clock;
}

/** Reads what is there; what cannot be read is reported and hides nothing else. @throws file-unreadable */
export async function readListing(source: ListingSource, clusterId?: string): Promise<Listing> {
  const reader: EntryReader = { ...source, damaged: [], evidence: 'newest' };
  const { clusters, folders } = await scan(source, reader.damaged, clusterId);
  const snapshots: SnapshotEntry[] = [];
  const unfinished: UnfinishedSnapshot[] = [];
  await inParallel(folders, async ({ folder, manifest }) => {
    if (manifest === undefined) {
      unfinished.push(await describeUnfinished(source, folder));
      return;
    }
    const clusterName = clusters.find(({ id }) => id === folder.clusterId)?.name;
    const key = `${folder.key}/${manifest.file}`;
    const entry = await orDamaged(reader, { ...folder, key }, () =>
      readEntry(reader, folder, manifest, clusterName),
    );
    if (entry !== undefined) snapshots.push(entry);
  });
  return {
    clusters,
    snapshots: snapshots.sort(byFinish),
    damaged: reader.damaged.sort((a, b) => (a.path < b.path ? -1 : 1)),
    unfinished: unfinished.sort((a, b) => (a.name < b.name ? -1 : 1)),
  };
}

/** Every cluster whose record can be read. */
export async function readClusters(storage: Storage): Promise<ClusterRecord[]> {
  return (await clustersIn(storage, [])).clusters;
}

/**
 * The one snapshot of exactly this name.
 *
 * @throws snapshot-missing; cluster-ambiguous when several clusters have one; manifest-damaged, repository-newer or
 *   file-unreadable when it is there and its manifest cannot be read
 */
export async function findEntry(
  source: ListingSource,
  name: string,
  clusterId?: string,
): Promise<SnapshotEntry> {
  const damaged: DamagedRecord[] = [];
  const { clusters, folders } = await scan(source, damaged, clusterId);
  const named = folders.filter(({ folder }) => folder.name === name);
  const [found, ...more] = named.filter(({ manifest }) => manifest !== undefined);
  const nameOf = (id: string): string | undefined => clusters.find((each) => each.id === id)?.name;
  if (found !== undefined && more.length > 0) {
    const owners = [found, ...more].map(({ folder: { clusterId: id } }) => nameOf(id) ?? id);
    throw new Failure('cluster-ambiguous', `${owners.join(' and ')} each have a snapshot ${name}`, { name });
  }
  const reader: EntryReader = { ...source, damaged: [], evidence: 'all' };
  const entry =
    found?.manifest &&
    (await readEntry(reader, found.folder, found.manifest, nameOf(found.folder.clusterId)));
  if (entry !== undefined) return entry;
  const unreadable = damaged.find((each) => each.name === name);
  if (unreadable !== undefined) throw unreadable.failure;
  const why =
    named.length > 0 ? 'what is under this name was never finished' : 'no such name is in the repository';
  throw new Failure('snapshot-missing', why, { name });
}

interface Scan {
  readonly clusters: ClusterRecord[];
  readonly folders: readonly FoundFolder[];
}

async function scan(source: ListingSource, damaged: DamagedRecord[], only?: string): Promise<Scan> {
  const { clusters, clusterIds, folders } = await clustersIn(source.storage, damaged, only);
  const found = await inParallel(clusterIds, (clusterId) =>
    countingManifests(
      { ...source, damaged },
      clusterId,
      folders.filter((folder) => folder.clusterId === clusterId),
    ),
  );
  return { clusters, folders: found.flat() };
}

async function clustersIn(
  storage: Storage,
  damaged: DamagedRecord[],
  only?: string,
): Promise<{ clusters: ClusterRecord[]; clusterIds: readonly string[]; folders: SnapshotFolder[] }> {
  const { clusterIds, folders } = await sortObjects(
    storage.list(only === undefined ? clustersFolder : clusterFolder(only), (key, failure) => {
      damaged.push({ ...ownerOf(key), path: pathOf(storage, key), failure });
    }),
  );
  const clusters = await inParallel(clusterIds, (clusterId) =>
    orDamaged({ storage, damaged }, { clusterId, name: null, key: clusterKey(clusterId) }, () =>
      readCluster(storage, clusterId),
    ),
  );
  return {
    clusters: clusters.filter((each) => each !== undefined),
    clusterIds: [...new Set([...clusterIds, ...folders.map((each) => each.clusterId)])],
    folders,
  };
}

/** The record of a cluster. @throws manifest-damaged, repository-newer, file-unreadable */
export async function readCluster(storage: Storage, clusterId: string): Promise<ClusterRecord | undefined> {
  const key = clusterKey(clusterId);
  const cluster = (await readRecord(storage, key, ClusterRecord))?.record;
  if (cluster === undefined || cluster.id === clusterId) return cluster;
  throw new Failure('manifest-damaged', `it is the record of cluster ${cluster.id}`, {
    path: pathOf(storage, key),
  });
}

async function describeUnfinished(
  { storage, clock }: ListingSource,
  folder: SnapshotFolder,
): Promise<UnfinishedSnapshot> {
  const objects = [...folder.objects.values()];
  const claims = objects.filter(isClaim);
  const held = await Promise.all(claims.map(async (claim) => !(await isAbandoned(storage, claim, clock))));
  return {
    clusterId: folder.clusterId,
    name: folder.name,
    size: objects.reduce((sum, { size }) => sum + size, 0),
    busy: held.includes(true),
  };
}

function byFinish(a: SnapshotEntry, b: SnapshotEntry): number {
  const [first, second] = [a.manifest.times.finishedAt, b.manifest.times.finishedAt];
  return first.localeCompare(second) || a.name.localeCompare(b.name);
}
