import { lifeOf } from '../clusters/health.ts';
import type { ServerContext } from '../context.ts';
import type { NodeOutline } from '../store/nodes.ts';
import type { Instruments } from './instruments.ts';

const figures = [
  'holdfast_fleet_clusters',
  'holdfast_fleet_nodes',
  'holdfast_fleet_clusters_without_verified',
  'holdfast_fleet_newest_verified_timestamp_seconds',
  'holdfast_fleet_oldest_newest_verified_timestamp_seconds',
  'holdfast_fleet_snapshots',
  'holdfast_fleet_stored_bytes',
  'holdfast_fleet_repository_reachable',
  'holdfast_fleet_alerts_open',
  'holdfast_fleet_receivers_failing',
  'holdfast_fleet_orders_open',
] as const;

/** Milliseconds since its agent was heard within which a node counts as connected, whichever replica it was heard by. */
const connectedMs = 45_000;

/**
 * Reads from the store how the fleet is: by one question for each kind of thing, however many clusters there are.
 *
 * @param clusterLabels for how many clusters at most each is a label of its own
 * @throws Failure of the store
 */
export async function readFigures(
  { store, clock }: Pick<ServerContext, 'store' | 'clock'>,
  put: Instruments,
  clusterLabels: number,
): Promise<void> {
  const [clusters, nodes, newest, totals, repositories, alerts, receivers, orders] = await Promise.all([
    store.clusters.all(),
    store.nodes.outlines(),
    store.snapshots.newest(),
    store.snapshots.totals(),
    store.repositories.all(),
    store.alerts.open(),
    store.receivers.all(),
    store.orders.countOpen(),
  ]);
  put.reset(...figures);
  const now = clock.now().getTime();
  const isConnected = ({ seenAt }: NodeOutline): boolean =>
    seenAt !== null && now - Date.parse(seenAt) < connectedMs;
  const nodesOf = Map.groupBy(nodes, ({ cluster }) => cluster);
  const health = { healthy: 0, degraded: 0, lost: 0, unknown: 0 };
  for (const { id } of clusters) health[lifeOf(nodesOf.get(id) ?? [], isConnected).health] += 1;
  for (const [word, count] of Object.entries(health))
    put.set('holdfast_fleet_clusters', count, { health: word });
  const connected = nodes.filter(isConnected).length;
  put.set('holdfast_fleet_nodes', connected, { connected: 'yes' });
  put.set('holdfast_fleet_nodes', nodes.length - connected, { connected: 'no' });
  putVerified(put, clusters, newest, clusterLabels);
  for (const { repository, snapshots, storedBytes } of totals) {
    put.set('holdfast_fleet_snapshots', snapshots, { repository });
    put.set('holdfast_fleet_stored_bytes', storedBytes, { repository });
  }
  for (const { name: repository, reachable } of repositories)
    if (reachable !== null) put.set('holdfast_fleet_repository_reachable', reachable ? 1 : 0, { repository });
  const open = Map.groupBy(alerts, ({ kind, severity }) => `${kind} ${severity}`);
  for (const [{ kind, severity }, ...more] of open.values() as Iterable<[(typeof alerts)[number]]>)
    put.set('holdfast_fleet_alerts_open', more.length + 1, { kind, severity });
  const failing = receivers.filter(({ lastTold }) => lastTold?.ok === false);
  put.set('holdfast_fleet_receivers_failing', failing.length);
  put.set('holdfast_fleet_orders_open', orders);
}

function putVerified(
  put: Instruments,
  clusters: readonly { readonly id: string; readonly spec: { readonly name: string } }[],
  newest: readonly { readonly cluster: string; readonly newest: { readonly finishedAt: string } | null }[],
  clusterLabels: number,
): void {
  const times = new Map(newest.map((each) => [each.cluster, each.newest?.finishedAt]));
  let oldest: number | undefined;
  let without = 0;
  for (const { id, spec } of clusters) {
    const time = times.get(id);
    if (time === undefined) {
      without += 1;
      continue;
    }
    const seconds = Date.parse(time) / 1000;
    oldest = Math.min(oldest ?? seconds, seconds);
    if (clusters.length <= clusterLabels)
      put.set('holdfast_fleet_newest_verified_timestamp_seconds', seconds, { cluster: spec.name });
  }
  put.set('holdfast_fleet_clusters_without_verified', without);
  if (oldest !== undefined) put.set('holdfast_fleet_oldest_newest_verified_timestamp_seconds', oldest);
}
