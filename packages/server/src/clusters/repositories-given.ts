import { Failure } from '@holdfast/base';
import { isAllowed } from '@holdfast/model/fleet';
import type { Caller } from '../auth/caller.ts';
import type { StoredCluster } from '../store/clusters.ts';
import type { StoredPolicy } from '../store/policies.ts';
import type { Tables } from '../store/store.ts';

/** The names of the repositories that a cluster works with: its own, and those of its policies. */
export function repositoryNames(
  { spec }: Pick<StoredCluster, 'spec'>,
  policies: readonly Pick<StoredPolicy, 'policy'>[],
): Set<string> {
  const ofPolicies = policies.flatMap(({ policy }) => policy.targets.map(({ repository }) => repository));
  return new Set([...spec.repositories, ...ofPolicies]);
}

/**
 * A cluster's nodes are given the secrets of every repository that it names, and these may hold what is other clusters':
 * who administers all clusters gives it another one, and who administers it alone uses what it has.
 *
 * @param wanted the repositories that it is to name
 * @throws Failure not-allowed
 */
export async function refuseUngiven(
  { policies }: Pick<Tables, 'policies'>,
  { grants }: Pick<Caller, 'grants'>,
  cluster: StoredCluster,
  wanted: readonly string[],
): Promise<void> {
  if (isAllowed(grants, 'admin', null)) return;
  const given = repositoryNames(cluster, await policies.ofCluster(cluster.id));
  const ungiven = wanted.find((name) => !given.has(name));
  if (ungiven === undefined) return;
  const why = `cluster ${cluster.spec.name} does not work with ${ungiven} yet: an admin of all clusters gives it that`;
  throw new Failure('not-allowed', why, { permission: 'admin', cluster: null });
}
