import { resolve } from 'node:path';
import { Failure, isFailure } from '@holdfast/base';
import type { RestorePlan } from '@holdfast/model';
import { restoreFolder, storedPlan } from '../journal/index.ts';
import type { Leader } from './leader.ts';
import { listRestores, type RestoreEntry } from './read.ts';

/**
 * The restore of the same data that came after one and stands: the data of before this one cannot come back under it.
 *
 * @param all of the state directory, the newest first
 */
export function laterRestore(all: readonly RestoreEntry[], own: RestorePlan): RestoreEntry | undefined {
  const at = all.findIndex(({ plan }) => plan.id === own.id);
  return all
    .slice(0, Math.max(0, at))
    .find(
      ({ plan, state }) =>
        isOfSame(plan, own) &&
        state.outcome !== 'rolled-back' &&
        state.steps.some((step) => step !== 'pending'),
    );
}

/**
 * The data of before this restore may not take the place of what a later one has made. One whose records are damaged
 * tells neither when it came nor how it ended.
 *
 * @throws restore-state
 */
export async function refuseBelowLater({ plan, options: { stateDir } }: Leader): Promise<void> {
  const damaged: string[] = [];
  const all = await listRestores(stateDir, ({ details }) => damaged.push(String(details['id'])));
  const refuse = (why: string): Failure => new Failure('restore-state', why, { id: plan.id });
  const later = laterRestore(all, plan);
  if (later !== undefined) throw refuse(`restore ${later.plan.id} came after it: roll that one back first`);
  for (const id of damaged) {
    const folder = restoreFolder(stateDir, id);
    const other = await storedPlan(folder).catch((error: unknown) => {
      if (isFailure(error, 'journal-damaged')) return undefined;
      throw error;
    });
    if (other !== undefined && !isOfSame(other, plan)) continue;
    throw refuse(
      `restore ${id} may have come after it, which its damaged records do not tell; if it came before, or nothing of it is left, move ${folder.path} away`,
    );
  }
}

/** By the cluster's name, or by where the data lies: a description may call the same cluster otherwise. */
function isOfSame(a: RestorePlan, b: RestorePlan): boolean {
  const dirs = new Set(a.members.map(({ dataDir }) => resolve(dataDir)));
  return a.cluster.name === b.cluster.name || b.members.some(({ dataDir }) => dirs.has(resolve(dataDir)));
}
