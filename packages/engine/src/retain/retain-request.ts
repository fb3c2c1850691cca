import { Failure } from '@holdfast/base';
import type { Retention } from '@holdfast/model';
import type { Listing, Repository } from '@holdfast/repository';

/** By what a repository is pruned. */
export interface RetainRequest {
  /** The policy's name, compared whole; null: what was saved by hand, and is no policy's. */
  readonly policy: string | null;
  readonly retention: Retention;
  /**
   * The cluster's name or id in the repository; absent: the only one that it holds, or all where the scope is the
   * repository.
   */
  readonly cluster?: string | undefined;
  /** Whether what other systems made may go too; not when absent. */
  readonly imported?: boolean;
  /** Milliseconds between the mark and the deletion; `limits.unwantedGraceMs` when absent. 0: deleted without a mark. */
  readonly graceMs?: number;
}

/** What a decision is made from. */
export interface RetainScope {
  /** All that counts. */
  readonly listing: Listing;
  /** The cluster whose snapshots may go; null: any. */
  readonly clusterId: string | null;
}

/**
 * Lists what counts: the cluster's snapshots, or all where the scope is the repository.
 *
 * @throws cluster-missing; cluster-ambiguous where several are there and none is named; what storages throw
 */
export async function retainScope(
  repository: Repository,
  { cluster, retention: { scope } }: RetainRequest,
): Promise<RetainScope> {
  if (cluster === undefined) {
    const listing = await repository.snapshots();
    return { listing, clusterId: scope === 'repository' ? null : onlyCluster(listing) };
  }
  const clusters = await repository.clusters();
  const [only, ...more] = clusters.filter(({ id, name }) => [id, name].includes(cluster));
  if (only === undefined) {
    const why = `the repository holds ${clusters.map(({ name }) => name).join(', ') || 'no cluster'}`;
    throw new Failure('cluster-missing', why, { cluster });
  }
  if (more.length > 0) throw ambiguous([only, ...more]);
  const listing = await repository.snapshots(scope === 'repository' ? undefined : only.id);
  return { listing, clusterId: only.id };
}

/** The id of the one cluster that is there; null where none is. One whose record cannot be read is there as well. */
function onlyCluster({ clusters, snapshots, damaged }: Listing): string | null {
  const ids = [
    ...clusters.map(({ id }) => id),
    ...snapshots.map((each) => each.cluster.id),
    ...damaged.flatMap(({ clusterId }) => clusterId ?? []),
  ];
  const [only = null, ...more] = new Set(ids);
  if (only === null || more.length === 0) return only;
  const nameOf = (id: string): string =>
    clusters.find((each) => each.id === id)?.name ?? 'one without a name';
  throw ambiguous([only, ...more].map((id) => ({ id, name: nameOf(id) })));
}

function ambiguous(clusters: readonly { readonly id: string; readonly name: string }[]): Failure {
  const why = `it holds ${clusters.map(({ id, name }) => `${name} (${id})`).join(', ')}`;
  return new Failure('cluster-ambiguous', why);
}
