import { Failure } from '@holdfast/base';
import { clusterNamePattern, type ClusterRecord, type SnapshotManifest } from '@holdfast/model';
import type { Repository } from '@holdfast/repository';

/** What is known of a cluster that is saved. */
export interface ClusterSeen {
  /** etcd's own id of the cluster, hexadecimal; a restore changes it. */
  readonly etcdId: string;
  /** The UID of kube-system; undefined where there is no Kubernetes. */
  readonly kubernetesUid: string | undefined;
}

/**
 * Finds where in the repository a cluster's snapshots belong, and makes the record when there is none: the one that is
 * asked for by name or id; else the one of the same Kubernetes; else the one whose newest snapshot came from the same
 * etcd cluster; else one of a new name.
 *
 * @param asked a name or an id of this repository
 * @param newName what a new one is called; `etcd-<8 digits>` when absent
 * @throws Failure usage: a name that no cluster can have; cluster-foreign when the one that was found is another
 *   Kubernetes; cluster-ambiguous; and as Repository's methods
 */
export async function clusterRecord(
  repository: Repository,
  seen: ClusterSeen,
  { asked, newName }: { readonly asked?: string | undefined; readonly newName?: string | undefined },
): Promise<ClusterRecord> {
  const { etcdId, kubernetesUid } = seen;
  const clusters = await repository.clusters();
  const newestIn = newestOf(repository);
  if (asked !== undefined) {
    const found = clusters.find((each) => each.name === asked || each.id === asked);
    if (found !== undefined) return ofSameKubernetes(found, await newestIn(found), kubernetesUid);
    if (clusterNamePattern.test(asked)) return await repository.addCluster(asked, kubernetesUid);
    throw new Failure(
      'usage',
      `"${asked}" cannot be the name of a cluster: use letters, digits and . _ - (at most 63)`,
    );
  }
  // A record of a cluster is not signed: that its UID is its id as well shows that it was made so.
  const same = clusters.find(
    ({ id, kubernetesUid: uid }) => uid !== undefined && uid === id && id === kubernetesUid,
  );
  if (same !== undefined) return same;
  const known: ClusterRecord[] = [];
  for (const each of clusters) {
    const newest = await newestIn(each);
    if (newest?.cluster.etcdId === etcdId && !isForeign(each, newest, kubernetesUid)) known.push(each);
  }
  const [found, other] = known;
  if (other !== undefined) {
    const names = known.map((each) => each.name).join(', ');
    throw new Failure('cluster-ambiguous', `this etcd was saved as each of ${names}`);
  }
  if (found !== undefined) return found;
  const name = newName ?? `etcd-${etcdId.padStart(16, '0').slice(0, 8)}`;
  const named = clusters.find((each) => each.name === name);
  if (named !== undefined) return ofSameKubernetes(named, await newestIn(named), kubernetesUid);
  return await repository.addCluster(name, kubernetesUid);
}

/**
 * Tells what a cluster was when it was saved last. What stood before a restore may have been anything, and what was imported
 * does not tell.
 */
function newestOf(repository: Repository) {
  return (cluster: ClusterRecord): Promise<SnapshotManifest | undefined> =>
    repository.newestManifest(cluster.id, ({ trigger }) => trigger !== 'pre-restore' && trigger !== 'import');
}

function ofSameKubernetes(
  cluster: ClusterRecord,
  newest: SnapshotManifest | undefined,
  uid: string | undefined,
): ClusterRecord {
  if (!isForeign(cluster, newest, uid)) return cluster;
  const why = `the cluster of that name is the Kubernetes ${uidOf(cluster, newest)}, and this one is ${uid}`;
  throw new Failure('cluster-foreign', why, { cluster: cluster.name });
}

/** Where one of the two is not known, nothing is held against it: an etcd may have got its Kubernetes since. */
function isForeign(
  cluster: ClusterRecord,
  newest: SnapshotManifest | undefined,
  uid: string | undefined,
): boolean {
  const known = uidOf(cluster, newest);
  return known !== undefined && uid !== undefined && known !== uid;
}

function uidOf({ kubernetesUid }: ClusterRecord, newest: SnapshotManifest | undefined): string | undefined {
  return kubernetesUid ?? newest?.cluster.kubernetesUid ?? undefined;
}
