import { Failure, isFailure } from '@holdfast/base';
import type { JournalRecord, RestorePlan } from '@holdfast/model';
import { writeDurably } from '../../durable-file.ts';
import {
  holdRestore,
  isBegun,
  journalText,
  makeRestoreFolder,
  readJournal,
  restoreFolder,
  storePlan,
  type RestoreFolder,
} from '../journal/index.ts';
import { planHash } from '../plan/index.ts';

/**
 * Takes a restore over that was led elsewhere: afterwards this state directory has its plan and journal, as if it had been
 * led from here. What was led from here before is replaced where somebody else has gone on since; where the given records
 * are but the beginning of those that are here, nothing is changed.
 *
 * @param records of its journal, from the first
 * @throws restore-refused when plan or records are not whole, restore-running; what writing throws
 */
export async function adoptRestore(
  stateDir: string,
  plan: RestorePlan,
  records: readonly JournalRecord[],
): Promise<void> {
  const isWhole = records.every(({ n }, at) => n === at) && plan.hash === planHash(plan);
  if (!isWhole) {
    const why = 'the plan, or the records of what was done, are not as they were made';
    throw new Failure('restore-refused', why, { cluster: plan.cluster.name });
  }
  const folder = restoreFolder(stateDir, plan.id);
  await makeRestoreFolder(folder);
  const letGo = await holdRestore(folder.path, folder.id);
  try {
    const isKnown = await isBegun(folder);
    const own = isKnown ? await readable(folder) : [];
    if (isKnown && records.every((record, at) => isSame(record, own[at]))) return;
    // The plan makes it exist, so it comes last.
    await writeDurably(folder.journal, journalText(records));
    await storePlan(folder, plan);
  } finally {
    await letGo();
  }
}

/** None where they are damaged: then the given ones are the better ones. */
async function readable({ journal, id }: RestoreFolder): Promise<readonly JournalRecord[]> {
  try {
    return await readJournal(journal, id);
  } catch (error) {
    if (!isFailure(error, 'journal-damaged')) throw error;
    return [];
  }
}

function isSame(a: JournalRecord, b: JournalRecord | undefined): boolean {
  return b !== undefined && a.n === b.n && a.at === b.at && a.event === b.event && a.step === b.step;
}
