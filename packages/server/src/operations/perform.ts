import { Failure, isFailure } from '@holdfast/base';
import { RestorePlan } from '@holdfast/model';
import type { Order } from '@holdfast/model/fleet';
import { newId } from '../ids.ts';
import type { ServerContext } from '../context.ts';
import type { Tables } from '../store/store.ts';
import type { Act, Told, WantedOrder } from './acts.ts';
import { restartBy } from './ask-restart.ts';
import { restoreBy } from './ask-restore.ts';
import { clusterOf } from './ask-save.ts';
import { notesOf } from './inputs.ts';
import { pruneOf, putNew } from './new-operation.ts';
import type { OperationChange } from '../store/operations.ts';
import { tellFailure } from './tell-failure.ts';
import type { View } from './view.ts';

/** When to look at the operation again, in milliseconds since 1970. */
export type NextLook = number;

/**
 * Does an act, by the tables of one transaction: all of it is stored, or nothing.
 *
 * @throws ClaimLost where another runner has the operation now
 */
export async function perform(
  context: ServerContext,
  tables: Tables,
  view: View,
  act: Act,
): Promise<NextLook> {
  const { operation, now } = view;
  const soon = now.getTime();
  const change = (what: OperationChange): Promise<void> => put(context, tables, view, what, act.told ?? []);
  switch (act.do) {
    case 'wait':
      await change(act.change);
      return act.untilMs;
    case 'change':
      await change(act.change);
      return soon;
    case 'hold': {
      const holder = await tables.clusters.hold(operation.cluster, operation.id);
      if (holder === operation.id)
        await change({ state: 'running', startedAt: now.toISOString(), phase: 'Started', why: '' });
      else await change({ why: `the cluster is held by ${holder ?? 'nobody'}` });
      return holder === operation.id ? soon : soon + 5_000;
    }
    case 'order':
      await tables.orders.create(orderOf(context, view, act.order), `${operation.id}/${act.order.attempt}`);
      await change(act.change);
      return soon;
    case 'settle':
      await tables.orders.cancel(act.order);
      await tables.orders.settle(act.order, act.outcome, now.toISOString());
      await change(act.change);
      return soon;
    case 'withdraw':
      await tables.orders.cancel(act.order);
      await change(act.change);
      return soon;
    case 'displace':
      await displace(tables, view, act.operations, act.reason);
      await change(act.change);
      return soon;
    case 'end':
    default:
      await change({ ...act.change, ...(await follow(context, tables, view, act)) });
      if (operation.kind === 'restore') await tables.clusters.release(operation.cluster, operation.id);
      await setOutcome(tables, view, act.change);
      return soon;
  }
}

/** Another runner has taken the operation over. */
export class ClaimLost extends Error {}

async function put(
  { replica }: ServerContext,
  tables: Tables,
  { operation, now }: View,
  change: OperationChange,
  told: readonly Told[],
): Promise<void> {
  const { state, phase } = change;
  const at = now.toISOString();
  const events: Told[] = [...told];
  if (state !== undefined && state !== operation.state)
    events.push({ type: 'state', data: { state, why: change.why ?? operation.why } });
  if (phase !== undefined && phase !== operation.phase) events.push({ type: 'phase', data: { phase } });
  const timed = events.map((event) => ({ ...event, at }));
  const changed = await tables.operations.change(operation.id, replica, change, timed);
  if (changed === undefined) throw new ClaimLost(operation.id);
}

function orderOf({ random }: ServerContext, { operation, orders, now }: View, wanted: WantedOrder): Order {
  const { node, kind, input, limitMs } = wanted;
  // Orders are told apart by when they were made, also where the clocks of two replicas differ.
  const before = orders.at(-1);
  const madeMs = Math.max(now.getTime(), before === undefined ? 0 : Date.parse(before.order.createdAt) + 1);
  return {
    ...{ id: newId('o', random), operation: operation.id, node, kind, input, issuedBy: 'server' },
    createdAt: new Date(madeMs).toISOString(),
    deadline: limitMs === null ? null : new Date(madeMs + limitMs).toISOString(),
  };
}

async function displace(
  tables: Tables,
  { now }: View,
  ids: readonly string[],
  reason: string,
): Promise<void> {
  for (const id of ids) {
    const other = await tables.operations.get(id);
    if (other === undefined) continue;
    const cancel = { by: 'server', reason, at: now.toISOString() };
    const result = { ...notesOf(other), cancel };
    await tables.operations.change(id, null, { result }, [], ['waiting', 'running']);
  }
}

/** Makes what follows the end of an operation. @returns how that changes the end */
async function follow(
  { random }: ServerContext,
  tables: Tables,
  { operation, now }: View,
  { follows, change }: Extract<Act, { do: 'end' }>,
): Promise<OperationChange> {
  if (follows === null) return {};
  const making = { random, now };
  if (follows.make === 'prune') {
    const stored = await tables.policies.get(operation.cluster, follows.policy);
    const prune = stored && (await pruneOf(tables, operation, stored.policy, follows.after, making));
    if (prune !== undefined) await putNew(tables, prune);
    return {};
  }
  const asker = { by: operation.requestedBy, trigger: operation.trigger };
  if (follows.make === 'restart-nodes') {
    const { targets } = follows;
    const restart = restartBy(asker, { cluster: operation.cluster, targets, after: operation.id }, making);
    await putNew(tables, restart);
    return { result: { ...change.result, restartNodes: restart.id } };
  }
  try {
    const parsed = RestorePlan.safeParse(change.result);
    if (!parsed.success)
      throw new Failure('plan-unusable', 'its agent answered with what is no plan', { plan: operation.id });
    const plan = parsed.data;
    const cluster = await clusterOf(tables, operation.cluster);
    const restore = await restoreBy(tables, asker, { cluster, made: operation, plan }, making);
    await putNew(tables, restore);
    return { result: { ...change.result, restore: restore.id } };
  } catch (error) {
    if (!isFailure(error, 'plan-unusable') && !isFailure(error, 'cluster-busy')) throw error;
    return { state: 'failed', failure: tellFailure(error), why: `${error.message}: ${error.why}` };
  }
}

async function setOutcome(tables: Tables, { operation }: View, { state }: OperationChange): Promise<void> {
  if (operation.kind !== 'save' || operation.policy === null || state === 'cancelled') return;
  const outcome = state === 'succeeded' ? 'ok' : state === 'partial' ? 'partial' : 'failed';
  await tables.policies.setOutcome(operation.cluster, operation.policy, outcome);
}
