/** For tests of repositories and of what uses them: the suite that each storage must pass, scripted faults, samples. */
export { describeStorage } from './conformance.ts';
export { Died, FaultyStorage, type StorageStep } from './faulty.ts';
export { evidenceOf, manifestOf, storedManifestOf, storeSnapshot } from './snapshot.ts';
export { storeSealed } from './sealed.ts';
