import type { Bucket } from '../bucket.ts';
import { rightSpine } from '../cursor.ts';
import { damaged, placeOf } from '../damage.ts';
import type { Image } from '../meta.ts';
import { branchElement, leafElement, type LeafElement, type Page } from '../page.ts';
import { appendBucket, bucketValue } from './bucket.ts';
import type { PageAppender } from './page-appender.ts';
import { extendTree } from './tree.ts';

/**
 * Adds elements at the right edge of a bucket, whatever its form: inline, a single leaf, a tree. Returns the bucket's
 * new value.
 *
 * @param elements at least one, keys ascending and greater than all keys of the bucket
 * @throws Failure not-a-snapshot when the bucket is damaged at its edge
 */
export async function extendBucket(
  image: Image,
  pages: PageAppender,
  bucket: Bucket,
  elements: readonly LeafElement[],
): Promise<Buffer> {
  const [root, ...below] = await rightSpine(image, bucket);
  if (root === undefined) throw new Error('a spine has a root');
  if (below.length > 0) {
    const levels = [root, ...below.slice(0, -1)].map((page) => all(image, page, branchElement));
    return bucketValue(await extendTree(pages, levels, elements), bucket.sequence);
  }
  const old = all(image, root, leafElement);
  const [first] = old;
  if (bucket.root === 0 || first === undefined)
    return appendBucket(pages, [...old, ...elements], bucket.sequence);
  const level = [{ key: first.key, child: root.id }];
  return bucketValue(await extendTree(pages, [level], elements), bucket.sequence);
}

function all<E>(image: Image, page: Page, elementAt: (page: Page, index: number) => E | null): E[] {
  return Array.from({ length: page.count }, (_, i) => {
    const element = elementAt(page, i);
    if (element !== null) return element;
    throw damaged(image.source, placeOf(page.id, image.pageSize, i), 'it points outside its page');
  });
}
