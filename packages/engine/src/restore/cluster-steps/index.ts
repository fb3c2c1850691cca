/**
 * The steps of a restore that are asked of the cluster, not done on a node.
 *
 * - order:   what a step is given.
 * - perform: the one way in.
 * - check, guard, save: before anything is touched, and when all is done.
 * - membership: remove, join and promote, of a cluster that runs.
 * - agree, probe: whether the restored cluster is the planned one, and works.
 */
export type { ClusterStepOrder } from './order.ts';
export { performClusterStep } from './perform.ts';
