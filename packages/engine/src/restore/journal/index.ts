/**
 * What a restore keeps in its leader's state directory, so that it can be taken up after a crash at any moment.
 *
 * - plan.json:     what will be done; written first.
 * - journal.log:   what was begun and what is done, a line each.
 * - report.json:   what became of it; made from the two.
 * - lock-<n>.json: the process that leads it now.
 */
export {
  isBegun,
  makeRestoreFolder,
  restoreFolder,
  restoreFolders,
  storedPlan,
  storedReport,
  storePlan,
  storeReport,
  type RestoreFolder,
} from './folder.ts';
export { Journal, readJournal } from './journal.ts';
export { journalText } from './record-line.ts';
export { isHeld } from '../../process-lock.ts';
export { holdRestore } from './lock.ts';
