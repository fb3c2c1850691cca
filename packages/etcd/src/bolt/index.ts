/**
 * @holdfast/etcd/bolt: the pages of a bbolt file, read without etcd.
 *
 * - source: where the bytes are; read-only.
 * - meta:   which of the two heads is valid, the page size.
 * - page, bucket: layouts.
 * - cursor: the buckets, a bucket's entries, its right spine.
 */
export { type Bucket, bucketHeadSize, parseBucket, rootBucket } from './bucket.ts';
export { compareBytes } from './compare.ts';
export { lastEntry, readBuckets, readEntries, rightSpine } from './cursor.ts';
export { damaged, placeOf, placeOfBucket } from './damage.ts';
export { fnv1a64 } from './fnv.ts';
export {
  type Image,
  type Meta,
  metaChecksummed,
  metaMagic,
  metaSize,
  metaVersion,
  openImage,
  pagesPresent,
  pageSizes,
  parseMeta,
} from './meta.ts';
export {
  type BranchElement,
  branchElement,
  bucketElementFlag,
  elementSize,
  type Entry,
  firstDataPage,
  type LeafElement,
  leafElement,
  noFreelist,
  type Page,
  pageFlag,
  type PageHeader,
  pageHeaderSize,
  parseHeader,
  parsePage,
} from './page.ts';
export { checkFreelist, readFreelist } from './freelist.ts';
export { u32 } from './little-endian.ts';
export { PageMap } from './page-map.ts';
export { PageWindow } from './page-window.ts';
export { readTreePage } from './read-page.ts';
export { type Leaf, type Stretch, stretchEntries, type Visit } from './leaf-check.ts';
export { TreeWalk, type WalkContext, type WalkOrder } from './tree-walk.ts';
export { type ByteSource, type FileSource, openFileSource } from './source.ts';
