/**
 * What other systems left: found, told, read. Nothing here writes to their places.
 *
 * - place:   a folder or a folder of a bucket.
 * - sniff:   what a file is by its bytes.
 * - archive: zips and tars, read where they lie; the hostile ones refused.
 * - layouts: what each system leaves, one file a system.
 * - scan:    all that is in a place.
 * - read-image: the database of one snapshot.
 * - import:  one snapshot proven, and brought into a repository.
 */
export type {
  ForeignCompanion,
  ForeignFile,
  ForeignForm,
  ForeignLayout,
  ForeignPlace,
  ForeignScan,
  ForeignSnapshot,
  ForeignSystem,
  PassedOver,
} from './foreign.ts';
export { readImage } from './read-image.ts';
export { openForeignBucket, openForeignFolder } from './place/index.ts';
export { scanForeign, type ScanOptions } from './scan.ts';
export * from './import/index.ts';
