import { isFailure } from '@holdfast/base';
import type { SyncReply, SyncRequest } from '@holdfast/model/fleet';
import type { z } from 'zod';
import type { AgentCaller } from '../../auth/caller.ts';
import type { ServerContext } from '../../context.ts';
import { recordOwnRun } from '../../scheduler/own-runs.ts';

type Reply = z.infer<typeof SyncReply>;
/** What is not to be told again. */
export type Stored = Pick<Reply, 'storedOutcomes' | 'storedEvents' | 'storedRuns'>;

/**
 * Stores what an agent tells; told again nothing more is stored. What is of no order of this node (the operation was
 * removed) is acknowledged and dropped, so that it is not told for ever.
 *
 * @throws Failure store-unreachable, store-full
 */
export async function storeTold(
  context: ServerContext,
  caller: AgentCaller,
  { outcomes, events, ownRuns }: SyncRequest,
): Promise<Stored> {
  const { store, clock } = context;
  const own = new Set<string>();
  for (const order of new Set([...events, ...outcomes].map((each) => each.order))) {
    if ((await store.orders.get(order))?.order.node === caller.node) own.add(order);
    else context.log.info({ node: caller.node, order }, 'an agent tells of an order that is not known');
  }
  // The events of an order before its outcome: whoever waits for that finds all of them.
  const known = events.filter(({ order }) => own.has(order));
  const upTo = new Map(known.length === 0 ? [] : await store.orders.tell(known));
  for (const { order, n } of events) {
    if (!own.has(order)) upTo.set(order, Math.max(n, upTo.get(order) ?? 0));
  }
  for (const { order, outcome } of outcomes) {
    if (own.has(order)) await store.orders.settle(order, outcome, clock.now().toISOString());
  }
  return {
    storedOutcomes: outcomes.map(({ order }) => order),
    storedEvents: [...upTo].filter(([, n]) => n >= 0).map(([order, n]) => ({ order, upTo: n })),
    storedRuns: await storeRuns(context, caller, ownRuns),
  };
}

async function storeRuns(
  context: ServerContext,
  { node, cluster }: AgentCaller,
  runs: SyncRequest['ownRuns'],
): Promise<string[]> {
  const stored: string[] = [];
  for (const run of runs) {
    try {
      await recordOwnRun(context, { id: node, cluster }, run);
      stored.push(run.id);
    } catch (error) {
      // One that cannot be stored must not keep the node from its orders; it is told again.
      if (isFailure(error, 'store-unreachable') || isFailure(error, 'store-full')) throw error;
      context.log.error({ node, run: run.id, error: String(error) }, 'a run of an agent cannot be stored');
    }
  }
  return stored;
}
