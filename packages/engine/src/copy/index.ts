/** A snapshot in one more repository. */
export { copySnapshot, type SnapshotCopy } from './copy-snapshot.ts';
