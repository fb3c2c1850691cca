import type { FileHandle } from 'node:fs/promises';
import { Failure } from '@holdfast/base';
import {
  bucketElementFlag,
  damaged,
  openImage,
  readBuckets,
  type Bucket,
  type ByteSource,
  type Image,
  type LeafElement,
} from '../bolt/index.ts';
import {
  appendBucket,
  appendTree,
  bucketValue,
  extendBucket,
  metaImage,
  PageAppender,
} from '../bolt/build/index.ts';
import { bucketNames, metaKeys, readSmallBucket } from '../mvcc/index.ts';
import { changedPairs, downgradeIn, type Pairs } from './db-pairs.ts';
import type { EtcdForm, RevisionBump } from './form.ts';
import { latestRevision, phantomAt } from './key-bucket.ts';
import type { NewCluster } from './membership/new-cluster.ts';
import { writeFully } from './write-file.ts';

/** How a db becomes that of a member of a new cluster. */
export interface DbEdit {
  readonly cluster: NewCluster;
  /** The source's own form when absent. */
  readonly form?: EtcdForm;
  readonly bump: RevisionBump | null;
}

/** What became of it. */
export interface EditedDb {
  readonly form: EtcdForm;
  readonly revision: { readonly snapshot: number; readonly restored: number };
  /** Types of the alarms that it holds: 1 NOSPACE, 2 CORRUPT. */
  readonly alarms: readonly number[];
  /** The version to which the old cluster was being downgraded; the new one is not. */
  readonly downgrade: string | null;
}

/**
 * Edits a db in place: no page of the old trees is touched. New pages are put behind the last one, both metas are
 * written anew, and the file is cut to its pages.
 *
 * @param source the same file, to be read; its name is what failures call the snapshot
 * @throws Failure not-a-snapshot when it is not a whole etcd db; usage when the bump goes further than can be counted
 */
export async function editDb(source: ByteSource, file: FileHandle, edit: DbEdit): Promise<EditedDb> {
  const image = await openImage(source);
  const { meta } = image;
  if (source.size < meta.pages * meta.pageSize) {
    const missing = `the db has ${meta.pages} pages of ${meta.pageSize} bytes, and the file ends before`;
    throw damaged(source, `byte ${source.size}`, missing);
  }
  const buckets = await readBuckets(image);
  const key = buckets.get(bucketNames.key);
  if (key === undefined)
    throw damaged(source, 'the root', 'there is no bucket "key", so this is no db of etcd');
  const old = {
    meta: await pairsIn(image, buckets.get(bucketNames.meta)),
    cluster: await pairsIn(image, buckets.get(bucketNames.cluster)),
  };
  const alarms = await pairsIn(image, buckets.get(bucketNames.alarm));
  const latest = await latestRevision(image, key, old.meta);
  const restored = latest + (edit.bump?.by ?? 0);
  if (!Number.isSafeInteger(restored)) {
    throw new Failure('usage', `revision ${latest} cannot be moved by ${edit.bump?.by}: it would pass 2^53`);
  }
  const form = edit.form ?? (old.meta.has(metaKeys.term) ? '3.5' : '3.4');

  const pages = new PageAppender(meta.pageSize, meta.pages, (bytes, at) => writeFully(file, bytes, at));
  const values = new Map([...buckets].map(([name, bucket]) => [name, valueOf(bucket)]));
  const compacted = edit.bump?.markCompacted === true ? restored : undefined;
  for (const [name, pairs] of changedPairs(edit.cluster, form, old, compacted)) {
    values.set(name, await appendBucket(pages, elementsOf(pairs), buckets.get(name)?.sequence ?? 0n));
  }
  if (edit.bump !== null) {
    values.set(bucketNames.key, await extendBucket(image, pages, key, [phantomAt(restored)]));
  }
  const root = await appendTree(pages, elementsOf(values, bucketElementFlag));

  for (const transaction of [meta.transaction + 1n, meta.transaction + 2n]) {
    const id = transaction % 2n === 0n ? 0 : 1;
    const head = metaImage(id, { ...meta, root, pages: pages.nextPage, transaction });
    await writeFully(file, head, id * meta.pageSize);
  }
  await file.truncate(pages.nextPage * meta.pageSize);
  return {
    form,
    // A store that was never written to is at revision 1.
    revision: { snapshot: Math.max(1, latest), restored: Math.max(1, restored) },
    // An AlarmMember is all in its key; the alarm is its last field and below 128, so it is the last byte.
    alarms: [...alarms.keys()].map((alarm) => alarm.charCodeAt(alarm.length - 1)),
    downgrade: downgradeIn(old.cluster),
  };
}

async function pairsIn(image: Image, bucket: Bucket | undefined): Promise<Pairs> {
  return bucket === undefined ? new Map() : readSmallBucket(image, bucket);
}

function valueOf(bucket: Bucket): Buffer {
  return Buffer.concat([bucketValue(bucket.root, bucket.sequence), bucket.inline]);
}

function elementsOf(pairs: Pairs, flags = 0): LeafElement[] {
  return [...pairs]
    .map(([name, value]) => ({ flags, key: Buffer.from(name, 'latin1'), value }))
    .toSorted((a, b) => Buffer.compare(a.key, b.key));
}
