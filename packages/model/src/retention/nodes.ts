import type { RetainedSnapshot } from './facts.ts';

type WithNode = Pick<RetainedSnapshot, 'clusterId' | 'node'>;

/**
 * Puts together what is of one node. A node that got another name is known by its member's id, and one that joined anew,
 * or was restored, by its name.
 */
export function byNode<T extends WithNode>(snapshots: readonly T[]): T[][] {
  const groups = new Set<{ marks: Set<string>; members: T[] }>();
  for (const snapshot of snapshots) {
    const { clusterId, node } = snapshot;
    const joined = {
      marks: new Set([
        `${clusterId}/name/${node.name}`,
        ...(node.memberId === null ? [] : [`${clusterId}/id/${node.memberId}`]),
      ]),
      members: [snapshot],
    };
    for (const group of groups) {
      if (joined.marks.isDisjointFrom(group.marks)) continue;
      groups.delete(group);
      joined.marks = joined.marks.union(group.marks);
      joined.members = [...group.members, ...joined.members];
    }
    groups.add(joined);
  }
  return [...groups].map(({ members }) => members);
}
