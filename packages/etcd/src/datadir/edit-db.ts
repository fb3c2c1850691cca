import type { FileHandle } from 'node:fs/promises';
import {
  bucketElementFlag,
  damaged,
  openImage,
  readBuckets,
  readEntries,
  type Bucket,
  type ByteSource,
  type Image,
  type LeafElement,
} from '../bolt/index.ts';
import { appendBucket, appendTree, bucketValue, metaImage, PageAppender } from '../bolt/build/index.ts';
import { changedPairs, type Pairs } from './db-pairs.ts';
import { latestRevision, withPhantom } from './key-bucket.ts';
import type { NewCluster } from './membership/new-cluster.ts';
import { writeFully } from './write-file.ts';

/** What a member's db is written for: 3.5 and later keep the raft term and the voters in it, 3.4 does not. */
export type EtcdForm = '3.4' | '3.5';

/** How far the revision is moved, and whether what lies before it counts as compacted, so that watchers are told. */
export interface RevisionBump {
  readonly by: number;
  readonly markCompacted: boolean;
}

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
  /** Bytes of the db. */
  readonly size: number;
}

/**
 * Edits a db in place: no page of the old trees is touched. New pages are put behind the last one, both metas are
 * written anew, and the file is cut to its pages.
 *
 * @param source the same file, to be read; its name is what failures call the snapshot
 * @throws Failure not-a-snapshot when it is not a whole etcd db
 */
export async function editDb(source: ByteSource, file: FileHandle, edit: DbEdit): Promise<EditedDb> {
  const image = await openImage(source);
  const { meta } = image;
  if (source.size < meta.pages * meta.pageSize)
    throw damaged(
      source,
      `byte ${source.size}`,
      `the file ends, of ${meta.pages} pages of ${meta.pageSize} bytes`,
    );
  const buckets = await readBuckets(image);
  const key = buckets.get('key');
  if (key === undefined)
    throw damaged(source, `page ${meta.root}`, 'there is no bucket "key", so this is no etcd');
  const old = await smallPairs(image, buckets);
  const latest = await latestRevision(image, key, old.meta);
  const restored = latest + (edit.bump?.by ?? 0);
  const form = edit.form ?? (old.meta.has('term') ? '3.5' : '3.4');

  const pages = new PageAppender(meta.pageSize, meta.pages, (bytes, at) => writeFully(file, bytes, at));
  const values = new Map([...buckets].map(([name, bucket]) => [name, valueOf(bucket)]));
  const compacted = edit.bump?.markCompacted === true ? restored : undefined;
  for (const [name, pairs] of changedPairs(edit.cluster, form, old.meta, compacted)) {
    values.set(name, await appendBucket(pages, elementsOf(pairs), buckets.get(name)?.sequence ?? 0n));
  }
  if (!values.has('cluster')) values.set('cluster', await appendBucket(pages, [], 0n));
  if (edit.bump !== null) values.set('key', await withPhantom(image, pages, key, restored));
  const root = await appendTree(pages, elementsOf(values, bucketElementFlag));

  for (const transaction of [meta.transaction + 1n, meta.transaction + 2n]) {
    const id = transaction % 2n === 0n ? 0 : 1;
    const head = metaImage(id, { ...meta, root, pages: pages.nextPage, transaction });
    await writeFully(file, head, id * meta.pageSize);
  }
  const size = pages.nextPage * meta.pageSize;
  await file.truncate(size);
  return { form, revision: { snapshot: latest, restored }, alarms: old.alarms, size };
}

async function smallPairs(
  image: Image,
  buckets: ReadonlyMap<string, Bucket>,
): Promise<{ readonly meta: Pairs; readonly alarms: number[] }> {
  const meta: Pairs = new Map();
  const alarms: number[] = [];
  const [metaBucket, alarmBucket] = [buckets.get('meta'), buckets.get('alarm')];
  if (metaBucket !== undefined) {
    for await (const { key, value } of readEntries(image, metaBucket)) {
      meta.set(Buffer.from(key).toString('latin1'), value);
    }
  }
  if (alarmBucket !== undefined) {
    // An AlarmMember is all in its key; the alarm is its last field and below 128, so it is the last byte.
    for await (const { key } of readEntries(image, alarmBucket)) alarms.push(key.at(-1) ?? 0);
  }
  return { meta, alarms };
}

function valueOf(bucket: Bucket): Buffer {
  return Buffer.concat([bucketValue(bucket.root, bucket.sequence), bucket.inline]);
}

function elementsOf(pairs: Pairs, flags = 0): LeafElement[] {
  return [...pairs]
    .map(([name, value]) => ({ flags, key: Buffer.from(name, 'latin1'), value }))
    .toSorted((a, b) => Buffer.compare(a.key, b.key));
}
