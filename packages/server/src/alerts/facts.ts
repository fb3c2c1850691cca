import type { Operation } from '@holdfast/model/fleet';
import type { StoredCluster } from '../store/clusters.ts';
import type { NodeOutline } from '../store/nodes.ts';
import type { LastEnded } from '../store/operations.ts';
import type { StoredPolicy } from '../store/policies.ts';
import type { StoredRepository } from '../store/repositories.ts';
import type { SnapshotHead } from '../store/snapshots.ts';
import type { Store } from '../store/store.ts';

/** What alerts are made from. */
export interface Facts {
  readonly clusters: readonly StoredCluster[];
  readonly nodes: readonly NodeOutline[];
  readonly policies: readonly StoredPolicy[];
  readonly repositories: readonly StoredRepository[];
  readonly heads: readonly SnapshotHead[];
  readonly drills: readonly LastEnded[];
  /** Restores that stand still for a person. */
  readonly stuck: readonly Operation[];
}

/** The facts of the whole fleet, by as many questions as it has kinds of them. */
export async function readFacts(store: Store): Promise<Facts> {
  const [clusters, nodes, policies, repositories, heads, drills, stuck] = await Promise.all([
    store.clusters.all(),
    store.nodes.outlines(),
    store.policies.all(),
    store.repositories.all(),
    store.snapshots.heads(),
    store.operations.lastEnded('drill'),
    store.operations.list({ clusters: null, kind: 'restore', state: 'stuck', limit: 1_000 }),
  ]);
  return { clusters, nodes, policies, repositories, heads, drills, stuck: stuck.items };
}
