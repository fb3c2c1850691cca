/**
 * @holdfast/etcd/snapshot: what can be known of a snapshot file without etcd.
 *
 * - position: where it stands in its cluster's history; reads a handful of pages.
 * - listed-members: the members of its cluster.
 * - verify:   whether it is whole: reads all of it.
 * - changes-since: what it holds after a revision: reads what comes after it.
 */
export {
  changesSince,
  type ChangesSince,
  type ChangesSinceOptions,
  type KeyChange,
} from './changes-since.ts';
export { imageSize, trailerSize } from './content-hash.ts';
export { readListedMembers } from './listed-members.ts';
export { readPosition, type SnapshotPosition } from './position.ts';
export { type Verification, verifySnapshotFile, type VerifyOptions } from './verify.ts';
