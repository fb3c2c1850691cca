/**
 * @holdfast/etcd/mvcc: etcd's buckets, and the records of bucket `key` above all.
 *
 * - revision, key-value: the two halves of a record.
 * - records: the records of an image, one after another.
 * - key-space: all of them at full speed: checks, live keys, HashKV.
 */
export {
  bucketNames,
  clusterKeys,
  metaKeys,
  noStoreMeta,
  readSmallBucket,
  readStoreMeta,
  type StoreMeta,
} from './buckets.ts';
export { KeySpace, type KeySpacePoint, NewestPass, type ReportRecord } from './key-space.ts';
export { bigVarint, type KeyValueFields, keyValueFields, leaseOf, parseKeyValue } from './key-value.ts';
export { readRecords, type StoredRecord } from './records.ts';
export { fate, NewestRecords } from './newest-records.ts';
export {
  bigEndianCount,
  formatRevision,
  isRevisionKey,
  longestRevisionKey,
  parseRevision,
  type Revision,
} from './revision.ts';
