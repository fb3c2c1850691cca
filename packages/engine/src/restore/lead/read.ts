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
  // Those that nothing was done of have no place yet: they are the newest.
  return entries.toSorted((a, b) => orderOf(b) - orderOf(a) || 0);
}

/** The place of a restore that is begun now among those of its state directory. */
export async function nextOrder(stateDir: string): Promise<number> {
  const orders = (await listRestores(stateDir, () => {})).map(orderOf).filter(Number.isFinite);
  return Math.max(0, ...orders) + 1;
}

/** Which one it is of its state directory, as its journal says: a clock may be set back, this is not. */
function orderOf({ records }: RestoreEntry): number {
  const order = records[0]?.evidence?.['order'];
  return typeof order === 'number' ? order : Infinity;
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
