/** Proving a stored snapshot. */
export { verifySnapshot, type SnapshotVerification } from './verify.ts';
