import { isFailure } from '@holdfast/base';
import { noticeLength } from '@holdfast/engine';
import type { ServerContext } from '../context.ts';
import type { Notice, StoredReceiver } from '../store/alerts.ts';
import { receiverSecret } from './receiver-secret.ts';
import { tell } from './tell.ts';
import { toldAlert } from './told-alert.ts';

/** Milliseconds for which notices are this replica's: longer than it takes to be refused all that it has claimed. */
const claimMs = 120_000;
/** Notices that are claimed at once. */
const claimed = 2 * noticeLength;
/** Milliseconds until a notice is told again: half a minute, twice as long each time, a quarter of an hour at most. */
const firstMs = 30_000;
const longestMs = 15 * 60_000;
/** Attempts after which a notice is given up: about three days. */
const mostAttempts = 300;

/**
 * Tells receivers what is due, each of everything in order. A notice is stored until it was taken: a receiver that is down,
 * or a kill in between, loses nothing. Killed right after one was taken, it is told again, with the same id.
 *
 * @returns how many notices were taken; 0: nothing was due, or nobody took anything
 * @throws Failure of the store
 */
export async function deliver(context: ServerContext, signal: AbortSignal): Promise<number> {
  const { store, clock } = context;
  const now = clock.now();
  const until = new Date(now.getTime() + claimMs).toISOString();
  const due = await store.alerts.claimNotices(now.toISOString(), until, claimed);
  if (due.length === 0) return 0;
  const receivers = new Map((await store.receivers.all()).map((each) => [each.id, each]));
  const byReceiver = Map.groupBy(due, ({ receiver }) => receiver);
  const taken = await Promise.all(
    [...byReceiver].map(async ([id, notices]) => {
      const receiver = receivers.get(id);
      if (receiver !== undefined) return await deliverTo(context, receiver, notices, signal);
      for (const notice of notices) await store.alerts.told(notice.id);
      return 0;
    }),
  );
  return taken.reduce((sum, each) => sum + each, 0);
}

async function deliverTo(
  context: ServerContext,
  receiver: StoredReceiver,
  notices: readonly Notice[],
  signal: AbortSignal,
): Promise<number> {
  const { store } = context;
  for (let at = 0; at < notices.length; at += noticeLength) {
    const some = notices.slice(at, at + noticeLength);
    const refused = await tellSome(context, receiver, some, signal);
    if (signal.aborted) return at;
    await store.receivers.setTold(receiver.id, {
      at: context.clock.now().toISOString(),
      ok: refused === undefined,
      why: refused ?? '',
    });
    if (refused !== undefined) {
      await putOff(context, receiver, notices.slice(at), refused);
      return at;
    }
    for (const { id } of some) await store.alerts.told(id);
  }
  return notices.length;
}

async function tellSome(
  { sealer, holdfast }: ServerContext,
  receiver: StoredReceiver,
  notices: readonly Notice[],
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    const secret = receiverSecret(sealer, receiver);
    const alerts = notices.map(({ alert }) => toldAlert(alert));
    return await tell(receiver.spec, secret, alerts, { holdfast, signal });
  } catch (error) {
    if (isFailure(error)) return `${error.message}: ${error.why}`;
    throw error;
  }
}

async function putOff(
  { store, clock, log }: ServerContext,
  { id, spec }: StoredReceiver,
  notices: readonly Notice[],
  why: string,
): Promise<void> {
  const attempts = Math.max(...notices.map((notice) => notice.attempts)) + 1;
  const wait = Math.min(longestMs, firstMs * 2 ** Math.min(attempts - 1, 10));
  log.warn(
    { receiver: id, name: spec.name, why, waiting: notices.length, wait },
    'a receiver takes no notice',
  );
  const dueAt = new Date(clock.now().getTime() + wait).toISOString();
  for (const notice of notices) {
    if (notice.attempts + 1 < mostAttempts) {
      await store.alerts.again(notice.id, dueAt);
      continue;
    }
    log.error({ receiver: id, alert: notice.alert.key }, 'a notice is given up: nobody took it for days');
    await store.alerts.told(notice.id);
  }
}
