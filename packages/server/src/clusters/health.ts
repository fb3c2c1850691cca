import type { FleetCluster } from '@holdfast/model/fleet';
import type { NodeOutline } from '../store/nodes.ts';

/** What the nodes of a cluster tell of its etcd and Kubernetes. */
export type ClusterLife = Pick<
  FleetCluster['status'],
  'health' | 'nodes' | 'etcdVersion' | 'kubernetesVersion'
>;

/**
 * How a cluster is by what its nodes tell. Only nodes that are connected tell how it is now: a member on a silent node
 * counts as not in quorum. A member is in quorum where it sees a leader, so one of them is enough to know of a quorum.
 */
export function lifeOf<Node extends NodeOutline>(
  nodes: readonly Node[],
  isConnected: (node: Node) => boolean,
): ClusterLife {
  const connected = nodes.filter(isConnected);
  const known = new Set(membersOf(nodes).map(({ description }) => description.name));
  const told = membersOf(connected);
  const inQuorum = new Set(
    told.filter((member) => member.inQuorum).map(({ description }) => description.name),
  );
  const versions = told.flatMap(({ version }) => (version === null ? [] : [version]));
  return {
    health:
      told.length === 0
        ? 'unknown'
        : inQuorum.size === 0
          ? 'lost'
          : inQuorum.size < known.size
            ? 'degraded'
            : 'healthy',
    nodes: { total: nodes.length, connected: connected.length },
    etcdVersion: lowest(versions),
    kubernetesVersion: lowest(nodes.flatMap(({ inventory }) => inventory?.kubernetesVersion ?? [])),
  };
}

function membersOf(nodes: readonly NodeOutline[]) {
  return nodes.flatMap(({ inventory }) => inventory?.members ?? []);
}

const inOrder = new Intl.Collator('en', { numeric: true });

/** While a cluster is being upgraded, what all of them have at least. */
function lowest(versions: readonly string[]): string | null {
  return versions.toSorted(inOrder.compare)[0] ?? null;
}
