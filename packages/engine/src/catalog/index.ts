/** What is in a repository: list, show, pin, delete, export, and the companions taken out. */
export { listSnapshots, showSnapshot, type SnapshotChoice } from './show.ts';
export { pinSnapshot, unpinSnapshot } from './pin.ts';
export { deleteSnapshot, type DeleteRequest } from './delete.ts';
export { deleteRemains, type Remains } from './delete-remains.ts';
export { exportSnapshot, type ExportedSnapshot } from './export.ts';
export { exportStored, type ExportedObjects } from './export-stored.ts';
export { takeCompanions, type TakenCompanions } from './take-companions.ts';
