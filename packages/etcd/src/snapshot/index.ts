/**
 * @holdfast/etcd/snapshot: what can be known of a snapshot file without etcd.
 *
 * - position: where it stands in its cluster's history; reads a handful of pages.
 * - listed-members: the members of its cluster.
 * - live-pairs: every key with its current value, one after another.
 * - verify:   whether it is whole: reads all of it.
 * - content-hasher: its SHA-256 while it comes, for `verify` not to read it again.
 * - changes-since: what it holds after a revision: reads what comes after it.
 */
export {
  changesSince,
  type ChangesSince,
  type ChangesSinceOptions,
  type KeyChange,
} from './changes-since.ts';
export { type ContentHashes, imageSize, trailerSize } from './content-hash.ts';
export { ContentHasher } from './content-hasher.ts';
export { readListedMembers } from './listed-members.ts';
export { readLivePairs } from './live-pairs.ts';
export { readPosition, type SnapshotPosition } from './position.ts';
export { type Verification, verifySnapshotFile, type VerifyOptions } from './verify.ts';
