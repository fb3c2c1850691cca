import type { FleetCluster } from '@holdfast/model/fleet';
import type { Gate } from '../gate/gate.ts';
import type { StoredCluster } from '../store/clusters.ts';
import type { Tables } from '../store/store.ts';
import { lifeOf } from './health.ts';

/** Clusters as they are told, with how each stands: as many queries for a page of them as for one. */
export async function viewClusters(
  tables: Pick<Tables, 'nodes' | 'snapshots' | 'alerts'>,
  gate: Pick<Gate, 'connected'>,
  clusters: readonly StoredCluster[],
): Promise<FleetCluster[]> {
  if (clusters.length === 0) return [];
  const ids = clusters.map(({ id }) => id);
  const [nodes, newest, alerts] = await Promise.all([
    tables.nodes.ofClusters(ids),
    tables.snapshots.newest(ids),
    tables.alerts.counts(),
  ]);
  const nodesOf = Map.groupBy(nodes, ({ cluster }) => cluster);
  const newestOf = new Map(newest.map((each) => [each.cluster, each]));
  return clusters.map(({ id, spec, createdAt, updatedAt, version, heldBy }) => {
    const stored = newestOf.get(id);
    const verified = stored?.newest ?? null;
    return {
      id,
      ...spec,
      createdAt,
      updatedAt,
      version,
      status: {
        ...lifeOf(nodesOf.get(id) ?? [], (node) => gate.connected(node)),
        newestVerified: verified && {
          name: verified.name,
          repository: verified.repository,
          at: verified.finishedAt,
        },
        snapshots: stored?.snapshots ?? 0,
        busy: heldBy,
        alerts: alerts.get(id) ?? 0,
      },
    };
  });
}
