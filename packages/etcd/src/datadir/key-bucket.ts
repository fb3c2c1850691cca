import {
  branchElement,
  damaged,
  lastEntry,
  leafElement,
  rightSpine,
  type Bucket,
  type Image,
  type LeafElement,
  type Page,
} from '../bolt/index.ts';
import { appendBucket, bucketValue, extendTree, type PageAppender } from '../bolt/build/index.ts';
import { formatRevision, metaKeys, parseRevision } from '../mvcc/index.ts';
import type { Pairs } from './db-pairs.ts';

/**
 * The store's revision, 0 when nothing was ever written: of its last record, or of the last compaction, which in older
 * versions removes the tombstone that was the last record.
 */
export async function latestRevision(image: Image, bucket: Bucket, meta: Pairs): Promise<number> {
  const last = await lastEntry(image, bucket);
  const keys = [last?.key, meta.get(metaKeys.scheduledCompaction), meta.get(metaKeys.finishedCompaction)];
  return keys.reduce((latest, key) => {
    if (key === undefined) return latest;
    const revision = parseRevision(key);
    if (revision === null)
      throw damaged(image.source, 'the last record or compaction', 'its key is no revision');
    return Math.max(latest, revision.main);
  }, 0);
}

/**
 * Appends a record to bucket `key`: the put of an empty key at `revision`, with which etcdutl's --bump-revision moves
 * the revision too. Returns the bucket's new value.
 */
export async function withPhantom(
  image: Image,
  pages: PageAppender,
  bucket: Bucket,
  revision: number,
): Promise<Buffer> {
  const record: LeafElement = {
    flags: 0,
    key: formatRevision({ main: revision, sub: 0, tombstone: false }),
    value: new Uint8Array(),
  };
  const [root, ...below] = await rightSpine(image, bucket);
  if (root === undefined) throw new Error('a spine has a root');
  if (below.length > 0) {
    const levels = [root, ...below.slice(0, -1)].map((page) => all(image, page, branchElement));
    return bucketValue(await extendTree(pages, levels, [record]), bucket.sequence);
  }
  const elements = all(image, root, leafElement);
  const [first] = elements;
  if (first === undefined || bucket.root === 0)
    return appendBucket(pages, [...elements, record], bucket.sequence);
  const level = [{ key: first.key, child: root.id }];
  return bucketValue(await extendTree(pages, [level], [record]), bucket.sequence);
}

function all<E>(image: Image, page: Page, elementAt: (page: Page, index: number) => E | null): E[] {
  return Array.from({ length: page.count }, (_, i) => {
    const element = elementAt(page, i);
    if (element === null) throw damaged(image.source, `page ${page.id}`, `element ${i} points outside of it`);
    return element;
  });
}
