import { Failure } from '@holdfast/base';
import { careRetryMs, saveRetryMs } from '@holdfast/model';
import type { FailureTold } from '@holdfast/model/fleet';
import type { Act } from './acts.ts';
import { beginAct } from './begin-act.ts';
import { finishAct, touched } from './finish-act.ts';
import { failureIn, isLost, resultIn } from './outcome-of.ts';
import { cancelledEnd, end, wait } from './endings.ts';
import { notesOf } from './inputs.ts';
import { awaitOrder, settleSilent, withdrawOrder } from './order-moves.ts';
import { tellFailure } from './tell-failure.ts';
import { lastOrder, silentMs, silentSince, timeOf, type View } from './view.ts';
import { workOf, type Work } from './work-of.ts';

/** How the newest order of an operation stands. */
export type AttemptStage =
  | 'none' // there is none yet
  | 'open' // its node is at it
  | 'silent' // its node was not heard for too long
  | 'overdue' // it took longer than it may
  | 'withdrawn' // its node was asked to give it up, and has a while to say so
  | 'deaf' // it has not done so
  | 'done'
  | 'lost' // nothing is known of how it ended
  | 'failed';

export const attemptStages = [
  'none',
  'open',
  'silent',
  'overdue',
  'withdrawn',
  'deaf',
  'done',
  'lost',
  'failed',
] as const satisfies readonly AttemptStage[];

/** What is done then. */
export type AttemptMove =
  | 'begin'
  | 'wait'
  | 'settle'
  | 'withdraw'
  | 'finish'
  | 'elsewhere'
  | 'retry'
  | 'cancel';

/** What follows while the newest order has not ended, whatever it is for. */
export const underWay = {
  open: { wanted: 'wait', unwanted: 'withdraw' },
  silent: { wanted: 'settle', unwanted: 'settle' },
  overdue: { wanted: 'settle', unwanted: 'settle' },
  withdrawn: { wanted: 'wait', unwanted: 'wait' },
  deaf: { wanted: 'settle', unwanted: 'settle' },
} as const satisfies Partial<Record<AttemptStage, Record<'wanted' | 'unwanted', AttemptMove>>>;

/**
 * What follows in each stage: while the operation is wanted, and when somebody wants it given up. What is done is done: a
 * cancellation comes too late then.
 */
export const attemptTable = {
  ...underWay,
  none: { wanted: 'begin', unwanted: 'cancel' },
  done: { wanted: 'finish', unwanted: 'finish' },
  lost: { wanted: 'elsewhere', unwanted: 'cancel' },
  failed: { wanted: 'retry', unwanted: 'cancel' },
} as const satisfies Record<AttemptStage, Record<'wanted' | 'unwanted', AttemptMove>>;

/** Failures that are the answer to the question: asked again, it would be the same. */
const verdicts: ReadonlySet<string> = new Set(['repository-damaged', 'drill-failed', 'snapshot-damaged']);
/** Milliseconds that a node has to say that it gave an order up. */
const withdrawMs = 60_000;
/** How many nodes in a row may be lost at once before it rests. */
const mostLost = 3;

/** @see AttemptStage */
export function attemptStage(view: View): AttemptStage {
  const last = lastOrder(view);
  if (last === undefined) return 'none';
  const { outcome, cancelled, order } = last;
  if (outcome !== null) return isLost(last) ? 'lost' : failureIn(last) === null ? 'done' : 'failed';
  const now = view.now.getTime();
  const since = silentSince(view, last);
  if (since !== null && now - since >= silentMs) return 'silent';
  if (order.deadline !== null && now >= Date.parse(order.deadline)) return 'overdue';
  if (!cancelled) return 'open';
  const asked = notesOf(view.operation).cancel;
  return asked !== undefined && now - Date.parse(asked.at) >= withdrawMs ? 'deaf' : 'withdrawn';
}

/** What is next in an operation that one order carries out. Pure. */
export function attemptAct(view: View): Act {
  const isWanted = notesOf(view.operation).cancel === undefined;
  return moves[attemptTable[attemptStage(view)][isWanted ? 'wanted' : 'unwanted']](view);
}

/** Why nothing is known of how an order has ended, by its stage. */
export const silences: Partial<Readonly<Record<AttemptStage, string>>> = {
  silent: 'nothing was heard of its agent for a minute',
  overdue: 'it has taken longer than it may',
  deaf: 'it was to give it up and has not said that it did',
};

const moves: Readonly<Record<AttemptMove, (view: View) => Act>> = {
  begin: (view) => next(view, view.now.getTime(), ''),
  wait: (view) => awaitOrder(view),
  settle: (view) => settleSilent(view, silences[attemptStage(view)] ?? ''),
  withdraw: withdrawOrder,
  finish: (view) => finishAct(view, lastOrder(view)!),
  elsewhere: (view) => {
    const inARow = view.orders.length - 1 - view.orders.findLastIndex((each) => !isLost(each));
    return inARow < mostLost ? next(view, view.now.getTime(), attemptWhy(view)) : moves.retry(view);
  },
  retry: (view) => {
    const { operation, orders } = view;
    const last = lastOrder(view)!;
    const failure = failureIn(last)!;
    const isTriedAgain =
      operation.scheduledFor !== null && operation.kind !== 'prune' && !verdicts.has(failure.code);
    if (!isTriedAgain)
      return {
        ...end(view, 'failed', { failure, result: resultIn(last) }),
        refresh: touched(operation, last),
      };
    const rest = (operation.kind === 'save' ? saveRetryMs : careRetryMs)(orders.length);
    return next(view, Date.parse(last.settledAt!) + rest, attemptWhy(view));
  },
  cancel: cancelledEnd,
};

/** The next order, once its time has come; or the end, when the next run is due before. */
function next(view: View, fromMs: number, why: string): Act {
  const work = workOf(view);
  const last = lastOrder(view);
  const now = view.now.getTime();
  const failure = last === undefined ? null : failureIn(last);
  if (work === undefined) {
    const missing = new Failure('snapshot-missing', 'the policy has none that is verified', {
      name: 'latest',
    });
    return end(view, 'failed', { failure: tellFailure(missing) });
  }
  if (work.until !== null && now >= Date.parse(work.until)) return givenUp(view, work, failure);
  if (now < fromMs) {
    const until = Math.min(fromMs, work.until === null ? Infinity : Date.parse(work.until));
    return wait(view, `${why}; it is tried again at ${timeOf(fromMs)}`, until, 'idle');
  }
  return beginAct(view, work, {
    lost: view.orders.filter(isLost).map(({ order }) => order.node),
    why,
  });
}

/** The time of the run after it has come. */
function givenUp(view: View, { until }: Work, failure: FailureTold | null): Act {
  const why = `the next run was due at ${until}`;
  if (failure !== null) return end(view, 'failed', { failure, why: `${attemptWhy(view)}; ${why}` });
  const wasThere = view.nodes.some(({ connected }) => connected);
  if (wasThere) return end(view, 'cancelled', { why });
  const none = new Failure('no-node', `none was connected, and ${why}`, { cluster: view.cluster.name });
  return end(view, 'failed', { failure: tellFailure(none) });
}

function attemptWhy(view: View): string {
  const last = lastOrder(view)!;
  const failure = failureIn(last)!;
  return `attempt ${view.orders.length} on node ${last.order.node} failed: ${failure.what}: ${failure.why}`;
}
