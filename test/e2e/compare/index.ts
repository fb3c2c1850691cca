/**
 * What a restore gives back, compared by real etcds.
 *
 * - cluster-state:      all that clients can see of a cluster; all that is in a db file.
 * - life-after-restore: the turns of a cluster's life at which two of them are compared.
 * - rich-content:       a bit of all that a snapshot may hold.
 * - restored:           data directories of all members of a plan, by Holdfast and by etcd's own tool.
 * - expect-same:        both of them, file by file and turn by turn.
 */
export { clusterState, type ClusterState } from './cluster-state.ts';
export { expectSame, live, planFor, saved } from './expect-same.ts';
export { restoreByEtcd, restoreByHoldfast } from './restored.ts';
export { fillRichly } from './rich-content.ts';
