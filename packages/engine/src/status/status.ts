import { newestVerified, type SnapshotState } from '@holdfast/model';
import type {
  ClusterName,
  DamagedRecord,
  Listing,
  Repository,
  SnapshotEntry,
  UnfinishedSnapshot,
} from '@holdfast/repository';
import type { VerbContext } from '../context.ts';

/** Whether a cluster could be brought back, and to when. */
export interface ClusterStatus {
  readonly cluster: ClusterName;
  /** `ok`: the newest snapshot is verified. `attention`: see `reasons`. `none`: there is no snapshot. */
  readonly state: 'ok' | 'attention' | 'none';
  /** What somebody should look at, the worst first; empty when `ok`. */
  readonly reasons: readonly string[];
  readonly newest: SnapshotEntry | null;
  /** The newest one that is verified and not degraded: what the cluster would be brought back from. */
  readonly newestVerified: SnapshotEntry | null;
  readonly counts: Readonly<Record<SnapshotState, number>>;
  /** Bytes of all snapshot files, unfinished ones too. */
  readonly bytes: number;
  readonly damaged: readonly DamagedRecord[];
  readonly unfinished: readonly UnfinishedSnapshot[];
}

/** The status of every cluster of a repository, by name. @throws cluster-missing, file-unreadable */
export async function repositoryStatus(
  _context: VerbContext,
  repository: Repository,
  cluster?: string,
): Promise<ClusterStatus[]> {
  const listing = await repository.snapshots(cluster);
  return clustersIn(listing).map((each) => statusOf(each, listing));
}

/** Every cluster that something belongs to, known by its record, else by a snapshot, else only by its id. */
function clustersIn({ clusters, snapshots, damaged, unfinished }: Listing): ClusterName[] {
  const names = new Map<string, string>();
  for (const { clusterId } of [...damaged, ...unfinished]) names.set(clusterId, clusterId);
  for (const { cluster } of snapshots) names.set(cluster.id, cluster.name);
  for (const { id, name } of clusters) names.set(id, name);
  return [...names]
    .map(([id, name]) => ({ id, name }))
    .sort((a, b) => a.name.localeCompare(b.name) || a.id.localeCompare(b.id));
}

function statusOf(cluster: ClusterName, listing: Listing): ClusterStatus {
  const snapshots = listing.snapshots.filter((each) => each.cluster.id === cluster.id);
  const damaged = listing.damaged.filter((each) => each.clusterId === cluster.id);
  const unfinished = listing.unfinished.filter((each) => each.clusterId === cluster.id);
  const verified = newestVerified(snapshots);
  const found = { newest: snapshots.at(-1) ?? null, verified: verified !== undefined, damaged };
  const reasons = reasonsOf(found);
  const count = (state: SnapshotState): number => snapshots.filter((each) => each.state === state).length;
  return {
    cluster,
    state: found.newest === null ? 'none' : reasons.length === 0 ? 'ok' : 'attention',
    reasons,
    newest: found.newest,
    newestVerified: snapshots.find((each) => each.name === verified) ?? null,
    counts: { stored: count('stored'), verified: count('verified'), damaged: count('damaged') },
    bytes:
      sum(snapshots.map((each) => each.manifest.content.size)) + sum(unfinished.map((each) => each.size)),
    damaged,
    unfinished,
  };
}

function reasonsOf({
  newest,
  verified,
  damaged,
}: {
  readonly newest: SnapshotEntry | null;
  readonly verified: boolean;
  readonly damaged: readonly DamagedRecord[];
}): string[] {
  const unreadable = damaged.map(({ path, failure }) => `${path}: ${failure.why}`);
  if (newest === null) return ['there is no snapshot', ...unreadable];
  const { name, state, manifest } = newest;
  return [
    ...(verified ? [] : ['no snapshot is verified']),
    ...(state === 'damaged' ? [`the newest snapshot, ${name}, is damaged`] : []),
    ...(state === 'stored' ? [`the newest snapshot, ${name}, is not verified`] : []),
    ...(manifest.quorum.state === 'degraded'
      ? [`the newest snapshot, ${name}, is degraded: ${manifest.quorum.reasons.join('; ')}`]
      : []),
    ...unreadable,
  ];
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}
