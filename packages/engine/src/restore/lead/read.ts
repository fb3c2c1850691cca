import { isFailure, type Failure } from '@holdfast/base';
import {
  operationState,
  type JournalRecord,
  type OperationState,
  type RestorePlan,
  type RestoreReport,
} from '@holdfast/model';
import {
  isHeld,
  readJournal,
  restoreFolder,
  restoreFolders,
  storedPlan,
  storedReport,
  type RestoreFolder,
} from '../journal/index.ts';

/** A restore as its journal tells. */
export interface RestoreEntry {
  readonly plan: RestorePlan;
  readonly state: OperationState;
  readonly records: readonly JournalRecord[];
  /** Of a restore that is over. */
  readonly report?: RestoreReport;
  /** Whether a process that may still live leads it now. */
  readonly running: boolean;
}

/** @throws restore-missing, journal-damaged, file-unreadable */
export async function readRestore(stateDir: string, id: string): Promise<RestoreEntry> {
  return entryOf(restoreFolder(stateDir, id));
}

/**
 * Every restore that was begun from this state directory, the newest first.
 *
 * @param onDamaged told of those whose records are damaged; without it the first of them is thrown
 * @throws journal-damaged, file-unreadable
 */
export async function listRestores(
  stateDir: string,
  onDamaged?: (failure: Failure) => void,
): Promise<RestoreEntry[]> {
  const entries: RestoreEntry[] = [];
  for (const folder of await restoreFolders(stateDir)) {
    try {
      entries.push(await entryOf(folder));
    } catch (error) {
      if (onDamaged === undefined || !isFailure(error, 'journal-damaged')) throw error;
      onDamaged(error);
    }
  }
  return entries;
}

async function entryOf(folder: RestoreFolder): Promise<RestoreEntry> {
  const plan = await storedPlan(folder);
  const running = await isHeld(folder.path);
  const records = await readJournal(folder.journal, folder.id);
  const state = operationState(plan.steps, records);
  const report = await storedReport(folder);
  // One of before a rollback, or of another outcome, tells nothing of now.
  const isOfNow = report !== undefined && report.outcome === state.outcome;
  return { plan, state, records, running, ...(isOfNow && { report }) };
}
