import { ClusterDescription, type ComponentDescription, type MemberDescription } from '@holdfast/model';
import type { Placement } from '@holdfast/model/fleet';
import type { StoredCluster } from '../store/clusters.ts';
import type { StoredNode } from '../store/nodes.ts';

/** A cluster as its agents tell it together. */
export interface DescribedCluster {
  /** Null while no agent tells of a member. */
  readonly description: ClusterDescription | null;
  /** Which node carries each member and each part of the control plane. */
  readonly placement: Placement;
  /** What contradicts, is old or is missing, a sentence each. */
  readonly notes: readonly string[];
}

type Described = MemberDescription | ComponentDescription;

interface Told<Item extends Described> {
  readonly node: StoredNode;
  readonly item: Item;
}

/**
 * Puts together what the nodes of a cluster tell of themselves. Where two tell of the same member, the one that is
 * connected, or was heard last, counts, and that is noted.
 */
export function describeCluster(
  cluster: Pick<StoredCluster, 'spec'>,
  nodes: readonly StoredNode[],
  isConnected: (node: StoredNode) => boolean,
): DescribedCluster {
  // Who is connected comes first, then who was heard last: when that was is stored only every few seconds.
  const heard = nodes.toSorted(
    (one, other) =>
      Number(isConnected(other)) - Number(isConnected(one)) ||
      (other.seenAt ?? '').localeCompare(one.seenAt ?? ''),
  );
  const notes: string[] = heard.flatMap((node) => notesOf(node, isConnected(node)));
  const members = merge(
    heard.flatMap((node) =>
      (node.inventory?.members ?? []).map(({ description }) => ({ node, item: description })),
    ),
    notes,
  );
  const components = merge(
    heard.flatMap((node) => (node.inventory?.components ?? []).map((item) => ({ node, item }))),
    notes,
  );
  notes.push(...clusterIdNotes(heard));
  const placement = Object.fromEntries(
    [...members, ...components].map(({ node, item }) => [item.name, node.id]),
  );
  if (members.length === 0) return { description: null, placement, notes };
  const parsed = ClusterDescription.safeParse({
    apiVersion: 'holdfast.dev/v1',
    kind: 'ClusterDescription',
    name: cluster.spec.name,
    members: members.map(({ item }) => item),
    controlPlane: components.map(({ item }) => item),
  });
  if (parsed.success) return { description: parsed.data, placement, notes };
  const faults = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  return { description: null, placement, notes: [...notes, ...faults] };
}

/** One of each name, in the order of their names. */
function merge<Item extends Described>(told: readonly Told<Item>[], notes: string[]): Told<Item>[] {
  const kept = new Map<string, Told<Item>>();
  for (const each of told) {
    const first = kept.get(each.item.name);
    if (first === undefined) kept.set(each.item.name, each);
    else
      notes.push(
        `${each.item.name} is told of by ${first.node.name} and by ${each.node.name}; ${first.node.name} is connected or was heard last, and counts`,
      );
  }
  return [...kept.values()].toSorted((one, other) => one.item.name.localeCompare(other.item.name));
}

function notesOf(node: StoredNode, isConnected: boolean): string[] {
  const { name, inventory, seenAt } = node;
  if (inventory === null) return [`${name} has told nothing of itself yet`];
  const own = inventory.notes.map((note) => `${name}: ${note}`);
  if (!isConnected)
    own.unshift(`${name} is not connected; what it told is of ${seenAt ?? 'an unknown time'}`);
  return own;
}

/** Members of one cluster have one id, which they were given when it was made. */
function clusterIdNotes(nodes: readonly StoredNode[]): string[] {
  const ids = new Map<string, string[]>();
  for (const { name, inventory } of nodes) {
    for (const { clusterId } of inventory?.members ?? []) {
      if (clusterId !== null) ids.set(clusterId, [...(ids.get(clusterId) ?? []), name]);
    }
  }
  if (ids.size < 2) return [];
  const parts = [...ids].map(([id, names]) => `${id} on ${names.join(', ')}`);
  return [`their members are of different etcd clusters: ${parts.join('; ')}`];
}
