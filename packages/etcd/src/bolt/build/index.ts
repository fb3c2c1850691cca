/**
 * @holdfast/etcd/bolt/build: pages of a bbolt file, written without etcd.
 *
 * - page-image: the bytes of a leaf, a branch, a meta.
 * - page-appender: new pages behind the last one.
 * - tree, bucket, extend-bucket: a tree or a bucket built anew, or extended at its right edge.
 */
export { appendBucket, bucketValue } from './bucket.ts';
export { extendBucket } from './extend-bucket.ts';
export { PageAppender } from './page-appender.ts';
export { metaImage } from './page-image.ts';
export { appendTree } from './tree.ts';
