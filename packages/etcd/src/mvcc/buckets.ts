import { type Bucket, type Image, readEntries } from '../bolt/index.ts';
import { bigEndianCount, parseRevision } from './revision.ts';

/** The buckets of an etcd database (etcd `server/storage/schema/bucket.go`). */
export const bucketNames = {
  key: 'key',
  meta: 'meta',
  lease: 'lease',
  alarm: 'alarm',
  cluster: 'cluster',
  members: 'members',
  membersRemoved: 'members_removed',
  auth: 'auth',
  authUsers: 'authUsers',
  authRoles: 'authRoles',
} as const;

/** The keys of bucket `meta`; those of 3.5 and 3.6 are absent before. */
export const metaKeys = {
  consistentIndex: 'consistent_index',
  term: 'term',
  confState: 'confState',
  scheduledCompaction: 'scheduledCompactRev',
  finishedCompaction: 'finishedCompactRev',
  storageVersion: 'storageVersion',
} as const;

/** The keys of bucket `cluster`: the version of the whole cluster; from 3.5 on, whether it is being downgraded. */
export const clusterKeys = { version: 'clusterVersion', downgrade: 'downgrade' } as const;

/** What bucket `meta` says; numbers are exact. */
export interface StoreMeta {
  /** Index of the last raft entry that is applied, 0 when none is. */
  readonly consistentIndex: number;
  /** Its term; null in a database that only etcd 3.4 wrote. */
  readonly term: number | null;
  /** Everything up to here is or is being compacted away; -1: nothing. */
  readonly scheduledCompaction: number;
  /** Everything up to here is compacted away; -1: nothing. */
  readonly finishedCompaction: number;
  readonly storageVersion: string | null;
}

/** What a store says of which nothing is known. */
export const noStoreMeta: StoreMeta = {
  consistentIndex: 0,
  term: null,
  scheduledCompaction: -1,
  finishedCompaction: -1,
  storageVersion: null,
};

/** Reads bucket `meta`. @throws Failure not-a-snapshot */
export async function readStoreMeta(image: Image, bucket: Bucket | undefined): Promise<StoreMeta> {
  if (bucket === undefined) return noStoreMeta;
  const values = await readSmallBucket(image, bucket);
  const revision = (key: string) => parseRevision(values.get(key) ?? new Uint8Array(0))?.main ?? -1;
  const count = (key: string) => {
    const value = values.get(key);
    return value?.length === 8 ? bigEndianCount(value, 0) : null;
  };
  const storageVersion = values.get(metaKeys.storageVersion);
  return {
    consistentIndex: count(metaKeys.consistentIndex) ?? 0,
    term: count(metaKeys.term),
    scheduledCompaction: revision(metaKeys.scheduledCompaction),
    finishedCompaction: revision(metaKeys.finishedCompaction),
    storageVersion: storageVersion === undefined ? null : Buffer.from(storageVersion).toString(),
  };
}

/** All entries of a bucket that is known to be small, by their key as text. */
export async function readSmallBucket(image: Image, bucket: Bucket): Promise<Map<string, Uint8Array>> {
  const values = new Map<string, Uint8Array>();
  for await (const { key, value } of readEntries(image, bucket))
    values.set(Buffer.from(key).toString('latin1'), value);
  return values;
}
