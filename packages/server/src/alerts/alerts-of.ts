import type { Operation } from '@holdfast/model/fleet';
import type { StoredCluster } from '../store/clusters.ts';
import type { StoredRepository } from '../store/repositories.ts';
import type { SnapshotHead } from '../store/snapshots.ts';
import { type Condition, condition } from './condition.ts';
import type { Facts } from './facts.ts';
import { nodeConditions } from './node-conditions.ts';
import { policyConditions } from './policy-conditions.ts';

/** What is not as it should be now: a function of what is stored and of the time alone. */
export function alertsOf(facts: Facts, now: Date): Condition[] {
  const nodes = Map.groupBy(facts.nodes, ({ cluster }) => cluster);
  const policies = Map.groupBy(facts.policies, ({ cluster }) => cluster);
  const heads = Map.groupBy(facts.heads, ({ cluster, policy }) => `${cluster}/${policy ?? ''}`);
  const drills = new Map(facts.drills.map((each) => [`${each.cluster}/${each.policy}`, each]));
  const read = new Set(facts.repositories.filter(({ spec }) => spec.readByServer).map(({ name }) => name));
  const isRead = (repository: string): boolean => read.has(repository);
  const found = facts.repositories.flatMap((each) => unreachable(each, now));
  for (const { id, spec } of facts.clusters) {
    const cluster = { id, name: spec.name };
    found.push(...nodeConditions(cluster, nodes.get(id) ?? [], now));
    for (const stored of policies.get(id) ?? []) {
      const key = `${id}/${stored.policy.name}`;
      const its = byRepository(heads.get(key) ?? []);
      found.push(...policyConditions({ cluster, stored, heads: its, isRead, drill: drills.get(key) }, now));
    }
  }
  const names = new Map(facts.clusters.map((each) => [each.id, each]));
  return [...found, ...facts.stuck.flatMap((each) => stuck(each, names.get(each.cluster)))];
}

function byRepository(heads: readonly SnapshotHead[]): Map<string, SnapshotHead> {
  return new Map(heads.map((each) => [each.repository, each]));
}

function unreachable({ name, spec, reachable, why }: StoredRepository, now: Date): Condition[] {
  if (reachable !== false || !spec.readByServer) return [];
  return [
    condition('repository-unreachable', null, [name], {
      severity: 'warning',
      since: now.toISOString(),
      what: `The server cannot read the repository ${name}: ${why}.`,
      next: 'Probe it; what is known of its snapshots is as old as the last look.',
    }),
  ];
}

function stuck(
  { id, cluster, why, startedAt, createdAt }: Operation,
  of: StoredCluster | undefined,
): Condition[] {
  if (of === undefined) return [];
  return [
    condition('restore-stuck', cluster, [id], {
      severity: 'critical',
      since: startedAt ?? createdAt,
      what: `The restore ${id} of ${of.spec.name} stands still${why === '' ? '' : `: ${why}`}.`,
      next: 'Mend what it names and resume it, or abort it.',
    }),
  ];
}
