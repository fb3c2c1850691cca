import { Failure } from '@holdfast/base';
import type { Act } from './acts.ts';
import { wait } from './endings.ts';
import { tellFailure } from './tell-failure.ts';
import { lastOrder, silentMs, silentSince, timeOf, type View } from './view.ts';

/** Waits for the end of the newest order, and tells while its node is not connected. @param why is told while it is */
export function awaitOrder(view: View, why = ''): Act {
  const last = lastOrder(view)!;
  const since = silentSince(view, last);
  const now = view.now.getTime();
  const limits = [now + 5_000, ...(since === null ? [] : [since + silentMs])];
  if (last.order.deadline !== null) limits.push(Date.parse(last.order.deadline));
  const silent = since === null ? why : `node ${last.order.node} is not connected since ${timeOf(since)}`;
  return wait(view, silent, Math.max(Math.min(...limits), now + 1));
}

/** Puts down that nothing is known of how the newest order has ended. */
export function settleSilent(view: View, why: string): Act {
  const { order } = lastOrder(view)!;
  const failure = tellFailure(new Failure('node-silent', why, { node: order.node }));
  return { do: 'settle', order: order.id, outcome: { outcome: 'failed', failure }, change: {} };
}

/** Asks the node of the newest order to give it up. */
export function withdrawOrder(view: View): Act {
  return { do: 'withdraw', order: lastOrder(view)!.order.id, change: {} };
}
