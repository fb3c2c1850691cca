/**
 * @holdfast/repository: where snapshots live. Knows nothing of etcd. docs/format.md is normative for what is stored.
 *
 * - storage:  where objects are: a folder or a bucket, tried again, limited or read-only; everything above sees only keys.
 * - record:   a small JSON object of the model, written once.
 * - snapshot: the folder of one name; its manifest is written last and is what makes it exist.
 * - claim:    the right to change such a folder, so that of two writers of one name only one goes on.
 * - listing:  all that is there: snapshots, damaged records, unfinished ones.
 * - holder:   a process told apart from every other one, for whatever only one may do at a time.
 */
export { openRepository, Repository, type OpenOptions, type SnapshotId } from './repository.ts';
export { unmakeRepository } from './unmake.ts';
export type { ClusterName, DamagedRecord, SnapshotEntry } from './entry.ts';
export type { Listing, UnfinishedSnapshot } from './listing.ts';
export { hasEnded, readHolder, thisProcess, type Holder } from './holder.ts';
export type { ManifestDraft, ObjectKind, SnapshotWriter, StageOptions } from './snapshot-writer.ts';
export type { ContentWatch, StoredSnapshot } from './content.ts';
export type { ClientKeys } from './keys/client-keys.ts';
export type { KeyRing } from './keys/key-ring.ts';
export { isManifestFile, objectFile, repositoryKey } from './layout.ts';
export { checkKey, isKey } from './storage/key.ts';
export { isSystemError, reading, writing } from './storage/local/errors.ts';
export { makeFolder, syncFolder } from './storage/local/folder.ts';
export { readTextFile, replaceFile, type FileAccess } from './storage/local/small-file.ts';
export { LocalStorage } from './storage/local/local.ts';
export { stageBeside } from './storage/local/beside.ts';
export { LimitedStorage, type StorageLimits } from './storage/limit/limited-storage.ts';
export { ReadOnlyStorage } from './storage/read-only.ts';
export { openS3, openS3Reader, probeS3, type OpenS3Options } from './storage/s3/open.ts';
export { inParallel } from './in-parallel.ts';
export type { S3Probe } from './storage/s3/probe.ts';
export type { S3Credentials, S3Encryption, S3Lock, S3Role, S3Settings } from './storage/s3/settings.ts';
export type { StagedFile } from './storage/local/staged-file.ts';
export type { ByteRange, ObjectLock, ObjectWriter, Storage, StoredObject } from './storage/storage.ts';
