/**
 * @holdfast/etcd/bolt/build: pages of a bbolt file, written without etcd.
 *
 * - page-image:    the bytes of a leaf, a branch, a meta.
 * - page-appender: new pages behind the last one.
 * - tree, bucket:  a tree built anew, or extended at its right edge; a bucket's value.
 */
export { appendBucket, bucketValue } from './bucket.ts';
export { PageAppender, type WriteAt } from './page-appender.ts';
export { metaImage } from './page-image.ts';
export { appendTree, extendTree } from './tree.ts';
