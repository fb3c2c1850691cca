export { saveSnapshot, type SaveOptions, type SaveReport } from './save-snapshot.ts';
