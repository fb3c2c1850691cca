import { Failure, formatDuration } from '@holdfast/base';
import { isServerPart, RestartResult } from '@holdfast/model/fleet';
import type { StoredOrder } from '../store/orders.ts';
import type { Act } from './acts.ts';
import { attemptStage, silences, underWay, type AttemptStage } from './attempt-act.ts';
import { cancelledEnd, end, wait } from './endings.ts';
import { inputOf, notesOf } from './inputs.ts';
import { awaitOrder, settleSilent, withdrawOrder } from './order-moves.ts';
import { failureIn, resultIn } from './outcome-of.ts';
import type { RestartTarget } from './restart-targets.ts';
import { tellFailure } from './tell-failure.ts';
import { lastOrder, type View } from './view.ts';
import { limitMsOf } from './work-of.ts';

/** Milliseconds that nodes which are not connected are waited for, once all others are done. */
const nodeWaitMs = 60_000;
/** Milliseconds that members are waited for before another one is stopped. */
const quorumWaitMs = 180_000;

type Move = 'next' | 'wait' | 'settle' | 'withdraw' | 'stop' | 'cancel';

/**
 * What follows in each stage of the newest order: while the operation is wanted, and when somebody wants it given up. The first
 * node that does not come back ends it: what has harmed one would harm the others.
 */
const restartTable = {
  ...underWay,
  none: { wanted: 'next', unwanted: 'cancel' },
  done: { wanted: 'next', unwanted: 'cancel' },
  lost: { wanted: 'stop', unwanted: 'cancel' },
  failed: { wanted: 'stop', unwanted: 'cancel' },
} as const satisfies Record<AttemptStage, Record<'wanted' | 'unwanted', Move>>;

/** What is next in a restart of nodes, one after the other. Pure. */
export function restartNodesAct(view: View): Act {
  const done = doneOf(view);
  const notes = notesOf(view.operation);
  const untold = done.slice(notes.told ?? 0);
  if (untold.length > 0)
    return {
      do: 'change',
      change: { result: { ...notes, told: done.length } },
      told: untold.map((each) => ({ type: 'note', data: { note: sentence(each) } })),
    };
  const stage = attemptStage(view);
  if (stage === 'done' && done.at(-1)?.node !== lastOrder(view)!.order.node) {
    const odd = new Failure('order-invalid', 'its agent answered with what is no result of a restart');
    return end(view, 'failed', { failure: tellFailure(odd), result: resultOf(view) });
  }
  switch (restartTable[stage][notes.cancel === undefined ? 'wanted' : 'unwanted']) {
    case 'next':
      return next(view);
    case 'wait':
      return awaitOrder(view, progressOf(view, lastOrder(view)!.order.node).phase);
    case 'settle':
      return settleSilent(view, silences[stage] ?? '');
    case 'withdraw':
      return withdrawOrder(view);
    case 'stop':
      return stop(view, lastOrder(view)!);
    case 'cancel':
    default: {
      const act = cancelledEnd(view);
      return { ...act, change: { ...act.change, result: resultOf(view) } };
    }
  }
}

interface DoneNode extends RestartResult {
  readonly node: string;
  readonly name: string;
}

/** The nodes that are done, in their order. */
function doneOf(view: View): DoneNode[] {
  const { nodes } = inputOf('restart-nodes', view.operation);
  return view.orders.flatMap((order) => {
    const result = RestartResult.safeParse(resultIn(order)).data;
    const { node } = order.order;
    const name = nodes.find((each) => each.node === node)?.name ?? node;
    return result === undefined ? [] : [{ node, name, ...result }];
  });
}

/** Those that are not done, and that the cluster still has. */
function openOf(view: View): RestartTarget[] {
  const done = new Set(doneOf(view).map(({ node }) => node));
  const known = new Set(view.nodes.map(({ node }) => node));
  const { nodes } = inputOf('restart-nodes', view.operation);
  return nodes.filter(({ node }) => !done.has(node) && known.has(node));
}

function resultOf(view: View): Record<string, unknown> {
  return { nodes: doneOf(view), notRestarted: openOf(view).map(({ name }) => name) };
}

/** The next node that is connected; those that are not come last. */
function next(view: View): Act {
  const { operation, cluster, nodes, now } = view;
  const open = openOf(view);
  if (open.length === 0) return end(view, 'succeeded', { result: resultOf(view) });
  if (cluster.heldBy !== null)
    return wait(view, `the cluster is held by ${cluster.heldBy}`, now.getTime() + 5_000, 'idle');
  const connected = new Set(nodes.filter((each) => each.connected).map(({ node }) => node));
  const target = open.find(({ node }) => connected.has(node));
  if (target === undefined) return absent(view, open);
  const ill = whyNoQuorum(view, target);
  if (ill !== undefined) return unsafe(view, ill);
  const { node, except } = target;
  const progress = progressOf(view, node);
  return {
    do: 'order',
    order: {
      ...{ node, kind: 'restart', attempt: view.orders.length, input: { except } },
      limitMs: limitMsOf.restart,
    },
    change: {
      ...{ state: 'running', node, why: progress.phase },
      startedAt: operation.startedAt ?? now.toISOString(),
    },
    told: [{ type: 'progress', data: { ...progress } }],
  };
}

/** How far it is while a node is restarted. */
function progressOf(
  view: View,
  node: string,
): { readonly phase: string; readonly done: number; readonly total: number } {
  const { nodes } = inputOf('restart-nodes', view.operation);
  const name = nodes.find((each) => each.node === node)?.name ?? node;
  const total = nodes.length;
  const done = total - openOf(view).length;
  return { phase: `restart ${name}, node ${done + 1} of ${total}`, done, total };
}

/** Why a node cannot be restarted whose unit runs a member too: the others have to be in quorum without it. */
function whyNoQuorum({ nodes }: View, { node, name, except }: RestartTarget): string | undefined {
  const own = nodes.find((each) => each.node === node);
  const stops = own?.nodeParts.some((part) => isServerPart(part) && !except.includes(part)) === true;
  if (own === undefined || !own.hasMember || !stops) return undefined;
  // Of one that is not connected nobody knows more than what it told last.
  const ill = nodes.filter(
    (each) => each.node !== node && each.hasMember && !(each.connected && each.inQuorum),
  );
  if (ill.length === 0) return undefined;
  const names = ill.map((each) => each.name).join(', ');
  return `${name} runs a member of etcd too, and that of ${names} is not known to be in quorum`;
}

/** It is waited for the others: one that has just been restarted tells so within a minute. */
function unsafe(view: View, why: string): Act {
  const { operation, cluster, now, watchedSince } = view;
  const settled = lastOrder(view)?.settledAt ?? operation.createdAt;
  const until = Math.max(Date.parse(settled), watchedSince.getTime()) + quorumWaitMs;
  if (now.getTime() < until) return wait(view, why, Math.min(until, now.getTime() + 5_000), 'idle');
  const failure = tellFailure(new Failure('no-node', why, { cluster: cluster.name }));
  return end(view, 'failed', { failure, result: resultOf(view) });
}

function absent(view: View, open: readonly RestartTarget[]): Act {
  const { operation, cluster, now, watchedSince } = view;
  const names = open.map(({ name }) => name).join(', ');
  const why = `not connected: ${names}`;
  const since = Math.max(
    Date.parse(lastOrder(view)?.settledAt ?? operation.createdAt),
    watchedSince.getTime(),
  );
  const until = since + nodeWaitMs;
  if (now.getTime() < until) return wait(view, why, Math.min(until, now.getTime() + 5_000), 'idle');
  const result = resultOf(view);
  if (view.orders.length > 0) return end(view, 'partial', { why, result });
  const failure = tellFailure(new Failure('no-node', why, { cluster: cluster.name }));
  return end(view, 'failed', { failure, result });
}

function stop(view: View, last: StoredOrder): Act {
  const failure = failureIn(last)!;
  const open = openOf(view);
  const name = open.find(({ node }) => node === last.order.node)?.name ?? last.order.node;
  const after = open.filter(({ node }) => node !== last.order.node).map((each) => each.name);
  const rest = after.length === 0 ? '' : `; not restarted: ${after.join(', ')}`;
  const why = `node ${name}: ${failure.what}: ${failure.why}${rest}`;
  return end(view, 'failed', { failure, why, result: resultOf(view) });
}

function sentence({ name, restarted, left }: DoneNode): string {
  const parts = restarted.map(({ part, tookMs }) => `${part} is ready again after ${formatDuration(tookMs)}`);
  if (left.length > 0) parts.push(`${left.join(', ')} is as the restore has left it`);
  return `${name}: ${parts.join(', ') || 'nothing runs Kubernetes there any more'}`;
}
