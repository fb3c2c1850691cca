import { Failure } from '@holdfast/base';
import type { Operation } from '@holdfast/model/fleet';
import type { Act } from './acts.ts';
import { chooseNode } from './choose-node.ts';
import { end, wait } from './endings.ts';
import { tellFailure } from './tell-failure.ts';
import { isAtWork, lastOrder, type View } from './view.ts';
import { limitMsOf, type Work } from './work-of.ts';

/** Milliseconds that what a person asked for waits for a node: an agent that was restarted is back by then. */
const nodeWaitMs = 60_000;
/** Kinds that keep off a cluster which a restore holds: the others only read. */
const heldOff: ReadonlySet<Operation['kind']> = new Set(['save', 'prune', 'delete']);

/**
 * The order that carries an operation out, once the cluster is free for it and a node is there: a cluster saves one snapshot
 * at a time, in the order in which they were asked for.
 */
export function beginAct(
  view: View,
  work: Work,
  before: { readonly lost: readonly string[]; readonly why: string },
): Act {
  const { operation, cluster, now } = view;
  const soon = Math.min(now.getTime() + 5_000, work.until === null ? Infinity : Date.parse(work.until));
  if (heldOff.has(operation.kind) && cluster.heldBy !== null)
    return wait(view, `the cluster is held by ${cluster.heldBy}`, soon, 'idle');
  const first = operation.kind === 'save' ? aheadOf(view) : undefined;
  if (first !== undefined)
    return wait(view, `it waits for ${first.id}, which saves this cluster`, soon, 'idle');
  const node = chooseNode(view.nodes, work.place, before.lost);
  if (node === undefined) return noNode(view, work, soon);
  return {
    do: 'order',
    order: {
      node: node.node,
      kind: work.kind,
      attempt: view.orders.length,
      input: work.input,
      limitMs: limitMsOf[work.kind],
    },
    change: {
      state: 'running',
      node: node.node,
      why: before.why,
      startedAt: operation.startedAt ?? now.toISOString(),
      ...(operation.kind === 'save' && {
        phase: 'Started',
        result: { healthy: view.nodes.filter(({ inQuorum }) => inQuorum).map((each) => each.name) },
      }),
    },
    ...(before.why !== '' && { told: [{ type: 'note', data: { note: before.why } }] }),
  };
}

/** The save that comes first: one that is under way, or was asked for earlier and has not been tried yet. */
function aheadOf({ operation, others }: View): Operation | undefined {
  const saves = others.filter(({ kind }) => kind === 'save');
  const isEarlier = (other: Operation): boolean =>
    other.state === 'waiting' && `${other.createdAt} ${other.id}` < `${operation.createdAt} ${operation.id}`;
  return saves.find(isAtWork) ?? saves.find(isEarlier);
}

function noNode(view: View, { place, until }: Work, soon: number): Act {
  const { operation, cluster, nodes, now } = view;
  const only =
    place.node === null ? undefined : (nodes.find(({ node }) => node === place.node)?.name ?? place.node);
  const why = only === undefined ? 'no node of the cluster is connected' : `node ${only} is not connected`;
  const since = Math.max(
    Date.parse(lastOrder(view)?.settledAt ?? operation.createdAt),
    view.watchedSince.getTime(),
  );
  if (until !== null || now.getTime() < since + nodeWaitMs) return wait(view, why, soon, 'idle');
  const failure = tellFailure(new Failure('no-node', why, { cluster: cluster.name }));
  return end(view, 'failed', { failure });
}
