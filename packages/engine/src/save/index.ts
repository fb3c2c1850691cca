/** A snapshot of a live etcd, in one repository or several. */
export { saveSnapshot } from './save-snapshot.ts';
export type { SaveOptions, SaveReport } from './save-options.ts';
export type { DestinationResult, SaveDestination } from './destination.ts';
