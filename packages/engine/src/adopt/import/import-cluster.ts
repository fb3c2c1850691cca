import { Failure } from '@holdfast/base';
import type { ClusterRecord } from '@holdfast/model';
import type { Repository } from '@holdfast/repository';
import { clusterRecord } from '../../save/cluster-record.ts';
import type { ForeignSnapshot } from '../foreign.ts';

/**
 * The cluster of a repository that an imported snapshot belongs to: the one that is asked for by name or id, made where
 * there is none of that name; else the one of the same Kubernetes.
 *
 * @param kubernetesUid of the namespace kube-system in the snapshot; undefined where it cannot be read
 * @throws Failure cluster-unsaid when neither tells; cluster-ambiguous, cluster-foreign; usage for a name that no cluster
 *   can have; what the repository throws
 */
export async function importCluster(
  repository: Repository,
  kubernetesUid: string | undefined,
  { asked, snapshot }: { readonly asked: string | undefined; readonly snapshot: ForeignSnapshot },
): Promise<ClusterRecord> {
  // etcd's own id of a cluster is not in a snapshot.
  if (asked !== undefined) {
    const cluster = await clusterRecord(repository, { etcdId: '', kubernetesUid }, { asked });
    await refuseAnother(repository, cluster, kubernetesUid);
    return cluster;
  }
  const clusters = kubernetesUid === undefined ? [] : await sameKubernetes(repository, kubernetesUid);
  const [found, other] = clusters;
  if (other !== undefined) {
    const names = clusters.map(({ name }) => name).join(', ');
    throw new Failure('cluster-ambiguous', `each of ${names} is the Kubernetes ${kubernetesUid}`);
  }
  if (found !== undefined) return found;
  const whose =
    kubernetesUid === undefined
      ? 'nothing in the snapshot tells which Kubernetes it is of'
      : `it is of the Kubernetes ${kubernetesUid}, and the repository has no cluster of that`;
  const hint = snapshot.cluster === null ? '' : `; ${snapshot.system} calls it ${snapshot.cluster}`;
  throw new Failure('cluster-unsaid', `${whose}${hint}`, { name: snapshot.name });
}

/** A cluster whose record tells no Kubernetes is the one of what was brought in before. */
async function refuseAnother(
  repository: Repository,
  { id, name }: ClusterRecord,
  uid: string | undefined,
): Promise<void> {
  const newest = await repository.newestManifest(
    id,
    ({ trigger, cluster }) => trigger !== 'pre-restore' && cluster.kubernetesUid !== null,
  );
  const known = newest?.cluster.kubernetesUid ?? uid;
  if (uid === undefined || known === uid) return;
  const why = `what it holds is of the Kubernetes ${known}, and this one is ${uid}`;
  throw new Failure('cluster-foreign', why, { cluster: name });
}

/** Those whose record says so, and those of whom their newest snapshot does. */
async function sameKubernetes(repository: Repository, uid: string): Promise<ClusterRecord[]> {
  const found: ClusterRecord[] = [];
  for (const cluster of await repository.clusters()) {
    const known =
      cluster.kubernetesUid ??
      (await repository.newestManifest(cluster.id, ({ trigger }) => trigger !== 'pre-restore'))?.cluster
        .kubernetesUid;
    if (known === uid) found.push(cluster);
  }
  return found;
}
