import type { FleetSnapshot } from '@holdfast/model/fleet';
import type { Listing } from '@holdfast/repository';
import type { StoredNode } from '../store/nodes.ts';
import type { Store } from '../store/store.ts';
import { toSnapshot } from './to-snapshot.ts';

/** A cluster of the fleet in one of its repositories. */
export interface ClusterPlace {
  readonly repository: string;
  readonly cluster: { readonly id: string; readonly name: string };
  readonly nodes: readonly StoredNode[];
}

/** What came of it: snapshots that are there, new among them, and gone. */
export interface Indexed {
  readonly snapshots: number;
  readonly found: number;
  readonly missing: number;
}

/** Brings the index of a cluster in a repository to what a listing of the whole repository, or of this cluster, shows. */
export async function indexListing(store: Store, place: ClusterPlace, listing: Listing): Promise<Indexed> {
  const { repository, cluster } = place;
  const before = (await store.snapshots.all(cluster.id)).filter((each) => each.repository === repository);
  const there = snapshotsOf(listing, place, new Map(before.map((each) => [each.id, each])));
  if (there.length === 0 && before.length === 0) return { snapshots: 0, found: 0, missing: 0 };
  const put = await store.snapshots.put({ cluster: cluster.id, repository }, there, 'whole');
  return { snapshots: there.length, found: put.added, missing: put.missing };
}

function snapshotsOf(
  { clusters, snapshots, damaged }: Listing,
  { repository, cluster, nodes }: ClusterPlace,
  known: ReadonlyMap<string, FleetSnapshot>,
): FleetSnapshot[] {
  const ids = new Set(clusters.filter(({ name }) => name === cluster.name).map(({ id }) => id));
  const there = new Map<string, FleetSnapshot>();
  // Oldest first: of two with one name, in two clusters of one name, the newer one is listed.
  for (const entry of snapshots) {
    if (entry.cluster.name !== cluster.name) continue;
    const found = { repository, cluster: cluster.id, nodes, drilledAt: null };
    const snapshot = toSnapshot(entry, found);
    const drilledAt = known.get(snapshot.id)?.drilledAt ?? null;
    there.set(snapshot.id, { ...snapshot, drilledAt });
  }
  // What cannot be read any more is not gone.
  for (const snapshot of known.values()) {
    if (there.has(snapshot.id)) continue;
    const unreadable = damaged.some(({ clusterId, name }) => ids.has(clusterId) && name === snapshot.name);
    if (unreadable) there.set(snapshot.id, { ...snapshot, state: 'damaged', missing: false });
  }
  return [...there.values()];
}
