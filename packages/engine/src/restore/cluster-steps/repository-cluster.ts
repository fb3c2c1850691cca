import type { Repository } from '@holdfast/repository';
import { isClone } from './check.ts';
import type { ClusterStepOrder } from './order.ts';
import { isPlanned } from '../planned-content.ts';

/**
 * Where in the repository the cluster's snapshots belong, as saveSnapshot takes it: with the snapshot that is restored,
 * with those of the same etcd cluster, or under the plan's name for it.
 */
export async function repositoryCluster(order: ClusterStepOrder, repository: Repository): Promise<string> {
  const { source, cluster } = order.plan;
  const { snapshots } = await repository.snapshots();
  const restored = source.kind === 'snapshot' && !isClone(order) ? source : undefined;
  const found =
    snapshots.find((entry) => restored !== undefined && isPlanned(restored, entry)) ??
    snapshots.findLast(({ manifest }) => manifest.cluster.etcdId === cluster.oldId);
  return found?.cluster.id ?? cluster.name;
}
