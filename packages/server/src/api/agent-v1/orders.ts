import { Failure } from '@holdfast/base';
import type { Order, OrderOutcome } from '@holdfast/model/fleet';
import { tellFailure } from '../../operations/tell-failure.ts';
import type { StoredOrder } from '../../store/orders.ts';

/** What an agent is to know of its orders. */
export interface OrderNews {
  readonly orders: readonly Order[];
  readonly cancel: readonly string[];
  /** Orders that end without the agent: it was never told of them, or has lost them, and need not do them any more. */
  readonly ended: readonly { readonly order: string; readonly outcome: OrderOutcome }[];
}

/** Orders in one reply; the others follow in the next ones. */
const most = 100;

/**
 * Compares the orders that a node has not ended with those that its agent knows of: what the agent does not know of is
 * handed out, again if it was before, since its reply may have been lost, or the agent's state.
 *
 * @param running orders that the agent knows of and has not told the end of
 * @param isFresh whether that is how the agent stands now; not when it has waited since
 */
export function orderNews(
  open: readonly StoredOrder[],
  running: readonly string[],
  now: Date,
  isFresh: boolean,
): OrderNews {
  const listed = new Set(running);
  const orders: Order[] = [];
  const ended: { order: string; outcome: OrderOutcome }[] = [];
  // What it knows of and is no order of it any more has been ended without it: another node may be at it.
  const known = new Set(open.map(({ order }) => order.id));
  const cancel = running.filter((id) => !known.has(id));
  for (const { order, cancelled } of open) {
    const isOverdue = order.deadline !== null && Date.parse(order.deadline) <= now.getTime();
    if (!cancelled && !isOverdue) {
      if (!listed.has(order.id)) orders.push(order);
    } else if (listed.has(order.id) || !isFresh) cancel.push(order.id);
    else ended.push({ order: order.id, outcome: cancelled ? { outcome: 'cancelled' } : silent(order) });
  }
  return { orders: orders.slice(0, most), cancel, ended };
}

/** How an order ends that its node did not tell the end of in time. */
export function silent({ node, deadline }: Order): OrderOutcome {
  const failure = new Failure('node-silent', `it had until ${deadline ?? 'now'}`, { node });
  return { outcome: 'failed', failure: tellFailure(failure) };
}

/** The order with its deadline by the clock of its node. @param skewMs milliseconds by which that is ahead */
export function byClockOf(order: Order, skewMs: number): Order {
  if (order.deadline === null || Math.abs(skewMs) < leastSkewMs) return order;
  return { ...order, deadline: new Date(Date.parse(order.deadline) + skewMs).toISOString() };
}

/** Less may be the way of the request. */
const leastSkewMs = 1_000;
