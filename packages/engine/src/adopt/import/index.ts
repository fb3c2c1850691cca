/** One foreign snapshot: proven, chosen, brought into a repository. */
export { chooseForeign } from './choose-foreign.ts';
export { openForeignFile, type ForeignFilePlace } from './file-place.ts';
export { openForeignImage, refuseDamagedImage, type ForeignImage } from './foreign-image.ts';
export { importSnapshot, type ImportOptions, type SnapshotImport } from './import-snapshot.ts';
export { missingForRestore } from './missing-for-restore.ts';
export { verifyForeign, type ForeignVerification } from './verify-foreign.ts';
