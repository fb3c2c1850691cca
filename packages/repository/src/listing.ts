import { Failure, type Clock } from '@holdfast/base';
import { ClusterRecord } from '@holdfast/model';
import { isAbandoned, isClaim } from './claim.ts';
import { orDamaged, readEntry, type DamagedRecord, type SnapshotEntry } from './entry.ts';
import {
  clusterFolder,
  clusterKey,
  clustersFolder,
  manifestFile,
  ownerOf,
  sortObjects,
  type SnapshotFolder,
} from './layout.ts';
import { readRecord } from './record.ts';
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

/** Reads what is there; what cannot be read is reported and hides nothing else. @throws file-unreadable */
export async function readListing(storage: Storage, clock: Clock, clusterId?: string): Promise<Listing> {
  const damaged: DamagedRecord[] = [];
  const { clusters, folders } = await scan(storage, damaged, clusterId);
  const snapshots: SnapshotEntry[] = [];
  const unfinished: UnfinishedSnapshot[] = [];
  for (const folder of folders) {
    if (!folder.objects.has(manifestFile)) {
      unfinished.push(await describeUnfinished(storage, clock, folder));
      continue;
    }
    const clusterName = clusters.find(({ id }) => id === folder.clusterId)?.name;
    const key = `${folder.key}/${manifestFile}`;
    const entry = await orDamaged(storage, damaged, { ...folder, key }, () =>
      readEntry(storage, folder, clusterName, damaged),
    );
    if (entry !== undefined) snapshots.push(entry);
  }
  return { clusters, snapshots: snapshots.sort(byFinish), damaged, unfinished };
}

/** Every cluster whose record can be read. */
export async function readClusters(storage: Storage): Promise<ClusterRecord[]> {
  return (await scan(storage, [])).clusters;
}

/**
 * The one snapshot of exactly this name.
 *
 * @throws snapshot-missing; cluster-ambiguous when several clusters have one; manifest-damaged, repository-newer or
 *   file-unreadable when it is there and its manifest cannot be read
 */
export async function findEntry(storage: Storage, name: string, clusterId?: string): Promise<SnapshotEntry> {
  const damaged: DamagedRecord[] = [];
  const { clusters, folders } = await scan(storage, damaged, clusterId);
  const named = folders.filter((folder) => folder.name === name);
  const [found, ...more] = named.filter((folder) => folder.objects.has(manifestFile));
  const nameOf = (id: string): string | undefined => clusters.find((each) => each.id === id)?.name;
  if (found !== undefined && more.length > 0) {
    const owners = [found, ...more].map(({ clusterId: id }) => nameOf(id) ?? id);
    throw new Failure('cluster-ambiguous', `${owners.join(' and ')} each have a snapshot ${name}`, { name });
  }
  const entry = found && (await readEntry(storage, found, nameOf(found.clusterId), []));
  if (entry !== undefined) return entry;
  const unreadable = damaged.find((each) => each.name === name);
  if (unreadable !== undefined) throw unreadable.failure;
  const why =
    named.length > 0 ? 'what is under this name was never finished' : 'no such name is in the repository';
  throw new Failure('snapshot-missing', why, { name });
}

async function scan(
  storage: Storage,
  damaged: DamagedRecord[],
  only?: string,
): Promise<{ clusters: ClusterRecord[]; folders: SnapshotFolder[] }> {
  const { clusterIds, folders } = await sortObjects(
    storage.list(only === undefined ? clustersFolder : clusterFolder(only), (key, failure) => {
      damaged.push({ ...ownerOf(key), path: storage.localPath(key) ?? key, failure });
    }),
  );
  const clusters: ClusterRecord[] = [];
  for (const clusterId of clusterIds) {
    const key = clusterKey(clusterId);
    const cluster = await orDamaged(storage, damaged, { clusterId, name: null, key }, () =>
      readCluster(storage, clusterId),
    );
    if (cluster !== undefined) clusters.push(cluster);
  }
  return { clusters, folders };
}

/** The record of a cluster. @throws manifest-damaged, repository-newer, file-unreadable */
export async function readCluster(storage: Storage, clusterId: string): Promise<ClusterRecord | undefined> {
  const key = clusterKey(clusterId);
  const cluster = (await readRecord(storage, key, ClusterRecord))?.record;
  if (cluster === undefined || cluster.id === clusterId) return cluster;
  const path = storage.localPath(key) ?? key;
  throw new Failure('manifest-damaged', `it is the record of cluster ${cluster.id}`, { path });
}

async function describeUnfinished(
  storage: Storage,
  clock: Clock,
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
