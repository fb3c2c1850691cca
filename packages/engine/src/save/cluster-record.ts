import { Failure } from '@holdfast/base';
import { clusterNamePattern, type ClusterRecord } from '@holdfast/model';
import type { Repository } from '@holdfast/repository';

/**
 * Finds where in the repository a cluster's snapshots belong, and makes the record when there is none: the one that is
 * asked for by name or id; else the one whose newest snapshot came from the same etcd cluster; else `etcd-<8 digits>`.
 *
 * @param etcdId etcd's own id of the cluster, hexadecimal; a restore changes it
 * @throws Failure usage: a name that no cluster can have; and as Repository's methods
 */
export async function clusterRecord(
  repository: Repository,
  etcdId: string,
  asked?: string,
): Promise<ClusterRecord> {
  const clusters = await repository.clusters();
  if (asked !== undefined) {
    const found = clusters.find((each) => each.name === asked || each.id === asked);
    if (found !== undefined) return found;
    if (clusterNamePattern.test(asked)) return await repository.addCluster(asked);
    throw new Failure(
      'usage',
      `"${asked}" cannot be the name of a cluster: use letters, digits and . _ - (at most 63)`,
    );
  }
  const { snapshots } = await repository.snapshots();
  const newest = new Map(snapshots.map((each) => [each.cluster.id, each.manifest]));
  const known = clusters.filter((each) => newest.get(each.id)?.cluster.etcdId === etcdId);
  const [found, other] = known;
  if (other !== undefined) {
    const names = known.map((each) => each.name).join(', ');
    throw new Failure('cluster-ambiguous', `this etcd was saved as each of ${names}`);
  }
  return found ?? (await repository.addCluster(`etcd-${etcdId.padStart(16, '0').slice(0, 8)}`));
}
