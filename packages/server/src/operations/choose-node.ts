import type { Place } from './inputs.ts';
import type { Candidate } from './ports.ts';

/**
 * The node that is to do something for a cluster, of those that are connected. First comes the one that stands in where that
 * is wanted; then one whose member is in quorum, is no learner, does not lead (who leads has enough to do), is furthest in
 * the log, has most room; then by name. A cluster without quorum is asked all the same: the agent tells best why it cannot
 * be saved. Nodes without a member, as workers are, have neither etcd nor its credentials: they are taken only where no node
 * tells of one.
 *
 * @param without nodes that have just failed to answer; they are taken only where there is no other
 */
export function chooseNode(
  nodes: readonly Candidate[],
  place: Place,
  without: readonly string[],
): Candidate | undefined {
  const carriers = nodes.filter(({ hasMember }) => hasMember);
  const can = (carriers.length > 0 && place.node === null ? carriers : nodes).filter(
    ({ node, connected }) => connected && (place.node === null || place.node === node),
  );
  const fresh = can.filter(({ node }) => !without.includes(node));
  return (fresh.length > 0 ? fresh : can).toSorted((one, other) => compare(one, other, place))[0];
}

function compare(one: Candidate, other: Candidate, { standsIn }: Place): number {
  return (
    (standsIn ? Number(other.standsIn) - Number(one.standsIn) : 0) ||
    Number(other.inQuorum) - Number(one.inQuorum) ||
    Number(one.isLearner) - Number(other.isLearner) ||
    Number(one.isLeader) - Number(other.isLeader) ||
    (other.raftIndex ?? -1) - (one.raftIndex ?? -1) ||
    (other.freeBytes ?? -1) - (one.freeBytes ?? -1) ||
    (one.name < other.name ? -1 : 1)
  );
}
