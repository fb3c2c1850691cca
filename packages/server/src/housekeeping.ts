import type { ServerContext } from './context.ts';
import { repeat } from './repeat.ts';

const everyMs = 3_600_000;
const day = 24 * 3_600_000;
/** Operations that ended longer ago go, but the newest so many of each cluster and kind. */
const operationsKeptMs = 30 * day;
const operationsKept = 100;

/**
 * Removes each hour what has served its time: operations that are long over, and replies kept for who asks again. Tells the
 * log, which is often kept elsewhere, how far the audit log reaches.
 */
export async function keepHouse(context: ServerContext, signal: AbortSignal): Promise<void> {
  const failed = 'what has served its time could not be removed';
  await repeat(context, { everyMs, failed, work: async () => tidy(context) }, signal);
}

async function tidy({ store, clock, replica, log }: ServerContext): Promise<void> {
  const now = clock.now();
  const until = new Date(now.getTime() + 2 * everyMs).toISOString();
  if (!(await store.settings.lead('housekeeping', replica, now.toISOString(), until))) return;
  const before = new Date(now.getTime() - operationsKeptMs).toISOString();
  const removed = await store.operations.removeEnded(before, operationsKept);
  await store.replies.removeExpired(now.toISOString(), new Date(now.getTime() - day).toISOString());
  const head = await store.audit.last();
  if (head !== undefined) log.info({ n: head.n, hash: head.hash }, 'the head of the audit log');
  if (removed > 0) log.info({ operations: removed }, 'operations that are long over were removed');
}
