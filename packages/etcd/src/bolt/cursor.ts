import { type Bucket, parseBucket, rootBucket } from './bucket.ts';
import { compareBytes } from './compare.ts';
import { damaged, placeOf } from './damage.ts';
import type { Image } from './meta.ts';
import {
  branchElement,
  type BranchElement,
  bucketElementFlag,
  type Entry,
  leafElement,
  type LeafElement,
  type Page,
  pageFlag,
} from './page.ts';
import { inlinePage, readTreePage } from './read-page.ts';

/** Levels of the deepest tree that is followed: bbolt's own stay below ten, a circle of pages does not. */
export const deepestTree = 64;

/** The buckets of the root bucket in their order, by name. */
export async function readBuckets(image: Image): Promise<Map<string, Bucket>> {
  const buckets = new Map<string, Bucket>();
  for await (const { element, place } of elements(image, rootBucket(image))) {
    const bucket = (element.flags & bucketElementFlag) === 0 ? null : parseBucket(element.key, element.value);
    if (bucket === null) throw damaged(image.source, place, 'the root holds something that is no bucket');
    buckets.set(bucket.name, bucket);
  }
  return buckets;
}

/** The entries of a bucket in order, from the first key that is not below `from`. One page is held at a time. */
export async function* readEntries(image: Image, bucket: Bucket, from?: Uint8Array): AsyncGenerator<Entry> {
  for await (const { element, place } of elements(image, bucket, from)) {
    if (element.flags !== 0) throw damaged(image.source, place, 'etcd keeps no bucket in a bucket');
    yield element;
  }
}

/** The pages from a bucket's root to its last leaf; a single leaf for a small or inline bucket. */
export async function rightSpine(image: Image, bucket: Bucket): Promise<Page[]> {
  const spine = [await rootPage(image, bucket)];
  for (let page = spine[0]!; page.flags === pageFlag.branch; spine.push(page)) {
    if (spine.length > deepestTree) throw tooDeep(image, page.id);
    page = await readTreePage(image, branchAt(image, page, page.count - 1).child);
  }
  return spine;
}

/** The last entry of a bucket, or null when the bucket is empty. */
export async function lastEntry(image: Image, bucket: Bucket): Promise<Entry | null> {
  const leaf = (await rightSpine(image, bucket)).at(-1)!;
  return leaf.count === 0 ? null : leafAt(image, leaf, leaf.count - 1);
}

interface PlacedElement {
  readonly element: LeafElement;
  readonly place: string;
}

/**
 * Walks a tree in key order. Keys must rise over the whole walk and no page may be empty, so a damaged tree in which
 * pages are reached twice ends the walk at the first repetition.
 */
async function* elements(image: Image, bucket: Bucket, from?: Uint8Array): AsyncGenerator<PlacedElement> {
  const first = await rootPage(image, bucket);
  const stack = [{ page: first, next: from === undefined ? 0 : firstIndex(image, first, from) }];
  let previous: Uint8Array | null = null;
  for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
    const { page } = top;
    if (page.count === 0 && stack.length > 1)
      throw damaged(image.source, placeOf(page.id, image.pageSize), 'it is empty');
    if (top.next >= page.count) {
      stack.pop();
    } else if (page.flags === pageFlag.branch) {
      if (stack.length > deepestTree) throw tooDeep(image, page.id);
      const child = await readTreePage(image, branchAt(image, page, top.next++).child);
      stack.push({
        page: child,
        next: from !== undefined && previous === null ? firstIndex(image, child, from) : 0,
      });
    } else {
      const element = leafAt(image, page, top.next);
      const place = placeOf(page.id, image.pageSize, top.next++);
      if (previous !== null && compareBytes(previous, element.key) >= 0)
        throw damaged(image.source, place, 'its key is not above the one before it');
      previous = element.key;
      yield { element, place };
    }
  }
}

/** Where to begin in a page: a leaf's first key >= `from`, or the last child of a branch that begins <= `from`. */
function firstIndex(image: Image, page: Page, from: Uint8Array): number {
  const isLeaf = page.flags === pageFlag.leaf;
  let low = 0;
  let high = page.count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const { key } = isLeaf ? leafAt(image, page, middle) : branchAt(image, page, middle);
    const order = compareBytes(key, from);
    if (isLeaf ? order < 0 : order <= 0) low = middle + 1;
    else high = middle;
  }
  return isLeaf ? low : Math.max(0, low - 1);
}

async function rootPage(image: Image, bucket: Bucket): Promise<Page> {
  return bucket.root === 0 ? inlinePage(image, bucket) : readTreePage(image, bucket.root);
}

function leafAt(image: Image, page: Page, index: number): LeafElement {
  return leafElement(page, index) ?? fail(image, page, index);
}

function branchAt(image: Image, page: Page, index: number): BranchElement {
  return branchElement(page, index) ?? fail(image, page, index);
}

function fail(image: Image, page: Page, index: number): never {
  throw damaged(image.source, placeOf(page.id, image.pageSize, index), 'it points outside its page');
}

function tooDeep(image: Image, page: number): Error {
  return damaged(
    image.source,
    placeOf(page, image.pageSize),
    `the tree is deeper than ${deepestTree} levels`,
  );
}
