import type { ServerContext } from './context.ts';

const everyMs = 3_600_000;
const day = 24 * 3_600_000;
/** Operations that ended longer ago go, but the newest so many of each cluster and kind. */
const operationsKeptMs = 30 * day;
const operationsKept = 100;

/** Removes each hour what has served its time: operations that are long over, and replies kept for who asks again. */
export async function keepHouse(context: ServerContext, signal: AbortSignal): Promise<void> {
  const { clock, log } = context;
  while (!signal.aborted) {
    await tidy(context).catch((error: unknown) =>
      log.warn({ error: String(error) }, 'what has served its time could not be removed'),
    );
    await clock.sleep(everyMs, signal).catch(() => undefined);
  }
}

async function tidy({ store, clock, replica, log }: ServerContext): Promise<void> {
  const now = clock.now();
  const until = new Date(now.getTime() + 2 * everyMs).toISOString();
  if (!(await store.settings.lead('housekeeping', replica, now.toISOString(), until))) return;
  const before = new Date(now.getTime() - operationsKeptMs).toISOString();
  const removed = await store.operations.removeEnded(before, operationsKept);
  await store.replies.removeExpired(now.toISOString());
  if (removed > 0) log.info({ operations: removed }, 'operations that are long over were removed');
}
