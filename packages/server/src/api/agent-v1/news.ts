import type { SyncReply, SyncRequest } from '@holdfast/model/fleet';
import type { z } from 'zod';
import type { AgentCaller } from '../../auth/caller.ts';
import type { KnownNode } from '../../gate/known-nodes.ts';
import { spread } from '../../gate/spread.ts';
import { isRenewalDue } from '../../pki/agent-certificate.ts';
import type { AgentApiParts } from './parts.ts';
import { byClockOf, orderNews } from './orders.ts';

type Reply = z.infer<typeof SyncReply>;

/** What there is for an agent; `told` sums it up, '' where there is nothing. */
export interface News extends Pick<Reply, 'orders' | 'cancel' | 'assignment' | 'wantsInventory' | 'renew'> {
  readonly told: string;
}

/** The store is asked for a node's orders when the bell rings for it, while it has some, and after so long. */
const lookEveryMs = 30_000;

/** @throws Failure agent-expelled, store-unreachable */
export async function newsFor(
  parts: AgentApiParts,
  caller: AgentCaller,
  known: KnownNode,
  request: SyncRequest,
  how: { readonly isFresh: boolean; readonly skewMs: number },
): Promise<News> {
  const { context, gate } = parts;
  await gate.known.admit(caller);
  const { orders, cancel } = await ordersFor(parts, caller, known, request, how);
  const assignment = await gate.assignments.of(caller.cluster, caller.node);
  // Another replica may have done it: what is remembered here is looked at again before the agent is bothered.
  const lacksInventory = (): boolean => request.inventoryHash !== known.inventoryHash;
  const isEnding = (): boolean => isRenewalDue(known.certificateNotAfter, context.clock.now());
  if (lacksInventory() || isEnding()) await gate.known.admit(caller, { fresh: true });
  const wantsInventory = lacksInventory();
  const renew = isEnding();
  const isNew = assignment !== undefined && assignment.version !== request.assignment;
  const told = [
    ...orders.map(({ id }) => id),
    ...cancel.map((id) => `-${id}`),
    ...(isNew ? [assignment.version] : []),
    ...(wantsInventory ? ['inventory'] : []),
    ...(renew ? ['renew'] : []),
  ].join();
  return {
    orders: orders.map((order) => byClockOf(order, how.skewMs)),
    cancel: [...cancel],
    ...(isNew ? { assignment } : {}),
    ...{ wantsInventory, renew, told },
  };
}

async function ordersFor(
  { context: { store, clock } }: AgentApiParts,
  { node }: AgentCaller,
  known: KnownNode,
  request: SyncRequest,
  { isFresh }: { readonly isFresh: boolean },
): Promise<Pick<ReturnType<typeof orderNews>, 'orders' | 'cancel'>> {
  const now = clock.monotonic();
  const isQuiet = known.lookedAt !== null && now - known.lookedAt < spread(node, lookEveryMs);
  if (isQuiet && !(isFresh && request.running.length > 0)) return { orders: [], cancel: [] };
  const { rings } = known;
  const open = await store.orders.open(node);
  const told = new Set(request.outcomes.map(({ order }) => order));
  const running = request.running.filter((id) => !told.has(id));
  const { orders, cancel, ended } = orderNews(open, running, clock.now(), isFresh);
  for (const { order, outcome } of ended)
    await store.orders.settle(order, outcome, clock.now().toISOString());
  // While it has some, every request of it is looked at anew.
  if (known.rings === rings) known.lookedAt = open.length === 0 ? now : null;
  return { orders, cancel };
}
