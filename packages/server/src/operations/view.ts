import type { JournalRecord } from '@holdfast/model';
import type { ClusterSpec, Operation } from '@holdfast/model/fleet';
import type { StoredOrder } from '../store/orders.ts';
import type { Candidate } from './ports.ts';

/** Everything that the decision what is to be done next with an operation rests on. */
export interface View {
  readonly operation: Operation;
  /** Of the cluster: its name, how its etcd is run, and the operation that holds it. */
  readonly cluster: Pick<ClusterSpec, 'name' | 'distribution'> & { readonly heldBy: string | null };
  /** Those that runners made for it, oldest first. */
  readonly orders: readonly StoredOrder[];
  /** The other operations of the cluster that are not over. */
  readonly others: readonly Operation[];
  readonly nodes: readonly Candidate[];
  /** Of a restore: its journal as far as it was told. */
  readonly journal: readonly JournalRecord[];
  /** The newest verified snapshot in the repositories of the policy, where one is needed. */
  readonly newest: {
    readonly repository: string;
    readonly cluster: string;
    readonly snapshot: string;
  } | null;
  /** Since when this replica looks on: of what was before it cannot say that nothing was heard. */
  readonly watchedSince: Date;
  readonly now: Date;
}

/** The order that counts now: the last that was made. */
export function lastOrder({ orders }: View): StoredOrder | undefined {
  return orders.at(-1);
}

/** Milliseconds without a word of its agent after which a node counts as silent. */
export const silentMs = 60_000;

/**
 * Since when nothing was heard of the node that has an order, in milliseconds since 1970; null while it is connected.
 * A node that the cluster has no more was never heard.
 */
export function silentSince(
  { nodes, watchedSince }: Pick<View, 'nodes' | 'watchedSince'>,
  { order }: StoredOrder,
): number | null {
  const node = nodes.find((each) => each.node === order.node);
  if (node === undefined) return Date.parse(order.createdAt) - silentMs;
  if (node.connected) return null;
  const heard = node.seenAt === null ? 0 : Date.parse(node.seenAt);
  return Math.max(heard, Date.parse(order.createdAt), watchedSince.getTime());
}

/** Whether one of the other operations has a node at work for it. */
export function isAtWork({ state, node }: Operation): boolean {
  return state === 'running' && node !== null;
}

export function timeOf(ms: number): string {
  return new Date(ms).toISOString();
}
