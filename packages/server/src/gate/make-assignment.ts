import { createHash } from 'node:crypto';
import { canonicalJson } from '@holdfast/model';
import type { Assignment } from '@holdfast/model/fleet';
import { secretsOf } from '../catalogue/repository-secrets.ts';
import type { ServerContext } from '../context.ts';
import type { StoredCluster } from '../store/clusters.ts';

/**
 * What the nodes of a cluster work by: its policies, and the repositories that these and the cluster name, with their
 * secrets. It goes to these nodes alone, over mutual TLS, and into no log.
 *
 * @returns that of the node which stands in, and that of the others
 * @throws Failure secret-unreadable
 */
export async function makeAssignment(
  { store, sealer }: Pick<ServerContext, 'store' | 'sealer'>,
  { id, spec }: StoredCluster,
  standInAfterMs: number,
): Promise<readonly [Assignment, Assignment]> {
  const policies = await store.policies.ofCluster(id);
  const named = policies.flatMap(({ policy }) => policy.targets.map(({ repository }) => repository));
  const repositories: Assignment['repositories'] = [];
  for (const name of [...new Set([...spec.repositories, ...named])].sort()) {
    const stored = await store.repositories.get(name);
    // A policy may name a place that only its nodes know.
    if (stored !== undefined) repositories.push({ spec: stored.spec, secrets: secretsOf(sealer, stored) });
  }
  const whole = (standsIn: boolean): Assignment => {
    const rest = {
      clusterName: spec.name,
      repositories,
      policies: policies.map(({ policy, times }) => ({
        policy,
        // Only who stands in needs it: the others need not be told of every run.
        lastScheduledFor: standsIn ? times.last : {},
      })),
      standsIn,
      standInAfterMs,
    };
    return { version: createHash('sha256').update(canonicalJson(rest)).digest('hex'), ...rest };
  };
  return [whole(true), whole(false)];
}
