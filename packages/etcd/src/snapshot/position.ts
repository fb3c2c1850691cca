import {
  type Bucket,
  type ByteSource,
  damaged,
  type Image,
  lastEntry,
  openImage,
  readBuckets,
} from '../bolt/index.ts';
import { bucketNames, clusterKeys, parseRevision, readSmallBucket, readStoreMeta } from '../mvcc/index.ts';
import { imageSize } from './content-hash.ts';

/** Where a snapshot stands in its cluster's history, read from a handful of its pages. */
export interface SnapshotPosition {
  readonly pageSize: number;
  /** Bytes of the image, without trailer: what `snapshot status` calls its total size. */
  readonly size: number;
  /** Whether the file ends with the SHA-256 that etcd appends to a snapshot; it is not checked here. */
  readonly trailer: boolean;
  /** The store's current revision, 1 when nothing was ever written. A timeline goes on with the next one. */
  readonly revision: number;
  /** The newest revision that is or is being compacted away, -1 when none is. */
  readonly compactRevision: number;
  /** The newest one whose compaction is done, -1 when none is. */
  readonly finishedCompactRevision: number;
  /** Index and term of the last raft entry that is applied; the term is null in a database of etcd 3.4. */
  readonly consistentIndex: number;
  readonly term: number | null;
  /** E.g. "3.6.0"; null before etcd 3.6. */
  readonly storageVersion: string | null;
  /** E.g. "3.5.0"; null when the cluster had not agreed on one yet. */
  readonly clusterVersion: string | null;
}

/**
 * Reads the position of a snapshot without reading the snapshot.
 * @throws Failure not-a-snapshot with the place when what it needs is damaged; file-unreadable
 */
export async function readPosition(source: ByteSource): Promise<SnapshotPosition> {
  const image = await openImage(source);
  const buckets = await readBuckets(image);
  const key = buckets.get(bucketNames.key);
  if (key === undefined)
    throw damaged(source, 'the root', 'there is no bucket "key", so this is no database of etcd');
  const meta = await readStoreMeta(image, buckets.get(bucketNames.meta));
  const { pageSize, pages } = image.meta;
  const compactRevision = Math.max(meta.scheduledCompaction, meta.finishedCompaction);
  return {
    pageSize,
    size: pages * pageSize,
    trailer: imageSize(source.size) !== source.size,
    revision: Math.max(1, await lastRevision(image, key), compactRevision),
    compactRevision,
    finishedCompactRevision: meta.finishedCompaction,
    consistentIndex: meta.consistentIndex,
    term: meta.term,
    storageVersion: meta.storageVersion,
    clusterVersion: await clusterVersion(image, buckets),
  };
}

async function lastRevision(image: Image, key: Bucket): Promise<number> {
  const last = await lastEntry(image, key);
  if (last === null) return 0;
  const revision = parseRevision(last.key);
  if (revision === null) throw damaged(image.source, 'the last record', 'its key is no revision');
  return revision.main;
}

/** What etcd writes until it knows the versions of all members (MinClusterVersion of its package `version`). */
const notAgreed = '3.0.0';

async function clusterVersion(image: Image, buckets: ReadonlyMap<string, Bucket>): Promise<string | null> {
  const bucket = buckets.get(bucketNames.cluster);
  const stored = bucket && (await readSmallBucket(image, bucket)).get(clusterKeys.version);
  const version = stored && Buffer.from(stored).toString();
  return version === undefined || version === notAgreed ? null : version;
}
