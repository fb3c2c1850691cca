/**
 * The steps of a restore that are asked of the cluster, not done on a node.
 *
 * - order:   what a step is given.
 * - perform: the one way in.
 * - check, guard, save: before anything is touched, and when all is done; promised: whether snapshots are counted on.
 * - membership: remove, join and promote, of a cluster that runs.
 * - agree, probe: whether the restored cluster is the planned one, and works.
 * - joined: whether others have joined it since.
 */
export { joinedSince } from './joined.ts';
export { isStillListed } from './membership.ts';
export { promisesSnapshots } from './promised.ts';
export type { ClusterStepOrder } from './order.ts';
export { performClusterStep } from './perform.ts';
