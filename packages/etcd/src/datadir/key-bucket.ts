import {
  branchElement,
  damaged,
  lastEntry,
  leafElement,
  rightSpine,
  type BranchElement,
  type Bucket,
  type Image,
  type LeafElement,
  type Page,
} from '../bolt/index.ts';
import { appendBucket, bucketValue, extendTree, type PageAppender } from '../bolt/build/index.ts';
import { formatRevision, parseRevision } from '../mvcc/index.ts';
import type { Pairs } from './db-pairs.ts';

/**
 * The store's revision: of its last record, or of the last compaction, which in older versions removes the tombstone
 * that was the last record.
 */
export async function latestRevision(image: Image, bucket: Bucket, meta: Pairs): Promise<number> {
  const last = await lastEntry(image, bucket);
  const keys = [last?.key, meta.get('scheduledCompactRev'), meta.get('finishedCompactRev')];
  return Math.max(
    0,
    ...keys
      .filter((key) => key !== undefined)
      .map((key) => {
        const revision = parseRevision(key);
        if (revision === null) throw damaged(image.source, 'bucket key', 'its last key is no revision');
        return revision.main;
      }),
  );
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
  const spine = await rightSpine(image, bucket);
  const [leaf] = spine.splice(-1);
  const first = leaf && leafElement(leaf, 0);
  if (leaf === undefined || !first || bucket.root === 0) {
    const elements = leaf === undefined ? [] : all(image, leaf, leafElement);
    return appendBucket(pages, [...elements, record], bucket.sequence);
  }
  const levels: BranchElement[][] = spine.map((page) => all(image, page, branchElement));
  if (levels.length === 0) levels.push([{ key: first.key, child: leaf.id }]);
  return bucketValue(await extendTree(pages, levels, [record]), bucket.sequence);
}

function all<E>(image: Image, page: Page, elementAt: (page: Page, index: number) => E | null): E[] {
  return Array.from({ length: page.count }, (_, i) => {
    const element = elementAt(page, i);
    if (element === null) throw damaged(image.source, `page ${page.id}`, `element ${i} points outside of it`);
    return element;
  });
}
