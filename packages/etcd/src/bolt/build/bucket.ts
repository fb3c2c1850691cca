import { bucketHeadSize } from '../bucket.ts';
import { pageHeaderSize, type LeafElement } from '../page.ts';
import { leafElementSize } from './elements.ts';
import type { PageAppender } from './page-appender.ts';
import { leafImage } from './page-image.ts';
import { appendTree } from './tree.ts';

/** The value of a bucket's element that names the root page of its tree. */
export function bucketValue(root: number, sequence: bigint): Buffer {
  const value = Buffer.alloc(bucketHeadSize);
  value.writeBigUInt64LE(BigInt(root), 0);
  value.writeBigUInt64LE(sequence, 8);
  return value;
}

/**
 * The value of a bucket that holds `elements` (keys ascending, none a bucket): inline where bbolt would have it so,
 * up to a quarter of a page, else a tree of its own.
 */
export async function appendBucket(
  pages: PageAppender,
  elements: readonly LeafElement[],
  sequence: bigint,
): Promise<Buffer> {
  const size = elements.reduce((sum, element) => sum + leafElementSize(element), pageHeaderSize);
  if (size > pages.pageSize / 4) return bucketValue(await appendTree(pages, elements), sequence);
  return Buffer.concat([bucketValue(0, sequence), leafImage(0, 1, elements)]);
}
