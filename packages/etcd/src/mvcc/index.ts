/**
 * @holdfast/etcd/mvcc: the records of etcd's bucket `key`.
 */
export { formatRevision, longestRevisionKey, parseRevision, type Revision } from './revision.ts';
export { type KeyValueFields, keyValueFields, leaseOf, parseKeyValue } from './key-value.ts';
