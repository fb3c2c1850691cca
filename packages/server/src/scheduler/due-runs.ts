import type { Operation } from '@holdfast/model/fleet';
import { jobOf, saveOf } from '../operations/ask-save.ts';
import { putNew, type Making } from '../operations/new-operation.ts';
import type { JobTimes, StoredPolicy } from '../store/policies.ts';
import type { Tables } from '../store/store.ts';
import { dueAnswer, nextTimes, scheduledJobs } from './next-times.ts';

const asker = { by: 'server', trigger: 'schedule' } as const;

/** What became of one policy. */
export interface Begun {
  readonly made: readonly Operation[];
  /** What was missed and is not made up for, a sentence each. */
  readonly skipped: readonly string[];
}

/**
 * Makes the operations of a policy that are due, and moves its times on, by the tables of one transaction: either both are
 * stored or neither. Whoever comes second finds the times moved, and makes nothing.
 *
 * @param name of the policy; it is read anew, what was found due may have been seen to since
 */
export async function beginDue(
  tables: Tables,
  { cluster, name }: { readonly cluster: string; readonly name: string },
  making: Making,
): Promise<Begun> {
  const stored = await tables.policies.get(cluster, name);
  if (stored === undefined) return { made: [], skipped: [] };
  const { now } = making;
  const skipped: string[] = [];
  const made: Operation[] = [];
  const last = { ...stored.times.last };
  const known = { cluster, policy: stored.policy, createdAt: stored.createdAt };
  for (const job of scheduledJobs) {
    const answer = dueAnswer({ ...known, last }, job, now);
    if (!answer.due) {
      if (answer.skipped !== null && isNews(stored, job, now))
        skipped.push(`${answer.skipped.count} ${job}s up to ${answer.skipped.newest} are not made up for`);
      continue;
    }
    const scheduledFor = answer.scheduledAt;
    last[job] = scheduledFor;
    const wanted = { cluster, policy: stored.policy, scheduledFor };
    const operation =
      job === 'save'
        ? await saveOf(tables, asker, { ...wanted, repositories: null, name: null }, making)
        : await jobOf(tables, asker, job, wanted, making);
    const { isNew } = await putNew(tables, operation);
    if (isNew) made.push(operation);
  }
  const to: JobTimes = { last, next: nextTimes({ ...known, last }, now) };
  const isMoved = await tables.policies.advance(cluster, name, stored.times, to);
  // The transaction has read the times itself: nobody else can have moved them.
  if (!isMoved) throw new Error(`the times of policy ${name} of ${cluster} have moved within a transaction`);
  return { made, skipped };
}

/** A time that was looked at for the first time: later looks find the same missed ones. */
function isNews({ times }: StoredPolicy, job: keyof JobTimes['next'], now: Date): boolean {
  const next = times.next[job];
  return next !== undefined && next <= now.toISOString();
}
