import type { MemberSight } from './restore-plan.ts';

/** A described member as it was found. */
export interface SightedMember {
  readonly name: string;
  readonly sight: MemberSight;
}

/**
 * The members whose data can be read, the best first: the one whose log goes furthest, which says who knows most, and of
 * equals the one that has applied most of it, whose revision is known. Data of another cluster than most members have comes last, since the two
 * orders have nothing to do with each other.
 */
export function survivorsOf<M extends SightedMember>(members: readonly M[]): readonly M[] {
  const cluster = commonCluster(members);
  const ours = ({ sight }: SightedMember): number => (isOf(cluster, sight) ? 1 : 0);
  return members
    .filter(({ sight }) => sight.data === 'readable')
    .toSorted(
      (a, b) =>
        ours(b) - ours(a) ||
        compareLogs(b.sight, a.sight) ||
        (b.sight.appliedIndex ?? -1) - (a.sight.appliedIndex ?? -1) ||
        (b.sight.revision ?? -1) - (a.sight.revision ?? -1),
    );
}

/**
 * Raft's own order of logs, as in a vote: the term of the last entry, then the last entry, committed or not. Who was
 * killed has answered for entries that his log does not know to be committed.
 *
 * @returns more than 0 when the first goes further
 */
export function compareLogs(a: MemberSight, b: MemberSight): number {
  return (a.term ?? -1) - (b.term ?? -1) || (a.lastIndex ?? -1) - (b.lastIndex ?? -1);
}

/**
 * etcd's id of the cluster that most of the members belong to; null when nobody shows one. Of as many, the one with the
 * highest revision, since a restore moves revisions on.
 */
export function commonCluster(members: readonly SightedMember[]): string | null {
  const counts = new Map<string, { members: number; revision: number }>();
  for (const { sight } of members) {
    if (sight.clusterId === null) continue;
    const count = counts.get(sight.clusterId) ?? { members: 0, revision: 0 };
    count.members += 1;
    count.revision = Math.max(count.revision, sight.revision ?? 0);
    counts.set(sight.clusterId, count);
  }
  const order = [...counts].toSorted(
    ([a, m], [b, n]) => n.members - m.members || n.revision - m.revision || (a < b ? -1 : 1),
  );
  return order[0]?.[0] ?? null;
}

/** Data that shows no cluster id is taken to be of this one. */
export function isOf(cluster: string | null, sight: MemberSight): boolean {
  return cluster === null || sight.clusterId === null || sight.clusterId === cluster;
}
