import { Failure } from '@holdfast/base';
import type { StoredCluster } from '../store/clusters.ts';
import type { Tables } from '../store/store.ts';

/** The cluster with an id. @throws Failure cluster-unknown */
export async function clusterNamed(tables: Pick<Tables, 'clusters'>, id: string): Promise<StoredCluster> {
  const cluster = await tables.clusters.get(id);
  if (cluster === undefined) throw unknownCluster(id);
  return cluster;
}

/** That there is no such cluster. */
export function unknownCluster(cluster: string): Failure {
  return new Failure('cluster-unknown', 'it was never there, or was removed', { cluster });
}
