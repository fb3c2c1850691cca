import type { Policy } from '@holdfast/model';
import type { StoredCluster } from '../store/clusters.ts';
import type { Tables } from '../store/store.ts';

/**
 * Which repositories are looked into for a cluster: those that it and its policies name and those that it is known to have
 * snapshots in; every one, while it names none and none is known.
 */
export interface Relevance {
  readonly isRelevant: (cluster: StoredCluster, repository: string) => boolean;
}

/** That of all clusters, by a few questions. */
export async function relevanceOfAll(tables: Tables): Promise<Relevance> {
  const [policies, heads] = await Promise.all([tables.policies.all(), tables.snapshots.heads()]);
  const used = new Map<string, Set<string>>();
  for (const { cluster, policy } of policies) add(used, cluster, repositoriesOf(policy));
  for (const { cluster, repository } of heads) add(used, cluster, [repository]);
  return relevanceBy(used);
}

/** That of one cluster. */
export async function relevanceOf(tables: Tables, cluster: string): Promise<Relevance> {
  const [policies, snapshots] = await Promise.all([
    tables.policies.ofCluster(cluster),
    tables.snapshots.all(cluster),
  ]);
  const used = new Map<string, Set<string>>();
  for (const { policy } of policies) add(used, cluster, repositoriesOf(policy));
  add(
    used,
    cluster,
    snapshots.map(({ repository }) => repository),
  );
  return relevanceBy(used);
}

function relevanceBy(used: ReadonlyMap<string, ReadonlySet<string>>): Relevance {
  return {
    isRelevant: ({ id, spec }, repository) => {
      const its = used.get(id);
      if (spec.repositories.length === 0 && (its === undefined || its.size === 0)) return true;
      return spec.repositories.includes(repository) || its?.has(repository) === true;
    },
  };
}

function repositoriesOf({ targets }: Policy): string[] {
  return targets.map(({ repository }) => repository);
}

function add(used: Map<string, Set<string>>, cluster: string, repositories: readonly string[]): void {
  const its = used.get(cluster) ?? new Set();
  for (const each of repositories) its.add(each);
  used.set(cluster, its);
}
