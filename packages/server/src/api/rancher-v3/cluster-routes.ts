import { isAllowed } from '@holdfast/model/fleet';
import { beginBackup, beginRestore } from './actions.ts';
import { collection, readQuery } from './collection.ts';
import { PlainRefusal, RancherError } from './error.ts';
import type { RancherAsked, RancherReply } from './mount.ts';
import { backupCollection } from './backup-routes.ts';
import { findCluster, viewOf } from './read.ts';
import { backupObject, clusterResource } from './resource.ts';
import type { StoredCluster } from '../../store/clusters.ts';

const fields = ['id', 'name', 'state'];

/** `GET /v3/clusters`: those that the caller may see. */
export async function listClusters(asked: RancherAsked): Promise<RancherReply> {
  const { parts, caller, query, url } = asked;
  const all = (await parts.context.store.clusters.all()).filter(({ id }) =>
    isAllowed(caller.grants, 'view', id),
  );
  const shown = await Promise.all(
    all.map(async (each) => clusterResource(each, await viewOf(asked, each.id))),
  );
  const self = { self: url, createTypes: {} };
  return { status: 200, body: collection('cluster', shown, readQuery(query, fields), self) };
}

/** `GET /v3/clusters/<id>`. */
export async function getCluster(asked: RancherAsked): Promise<RancherReply> {
  const cluster = await seenCluster(asked);
  return { status: 200, body: clusterResource(cluster, await viewOf(asked, cluster.id)) };
}

/** `GET /v3/clusters/<id>/etcdbackups`. */
export async function listClusterBackups(asked: RancherAsked): Promise<RancherReply> {
  return backupCollection(asked, [await seenCluster(asked)]);
}

const words = {
  backupEtcd: { permission: 'save', refusal: 'can not backup etcd', unknown: 'none existent Cluster' },
  restoreFromEtcdBackup: {
    permission: 'restore',
    refusal: 'can not restore etcd backup',
    unknown: 'nonexistent Cluster',
  },
} as const;

/** `POST /v3/clusters/<id>?action=`. */
export async function actOnCluster(asked: RancherAsked): Promise<RancherReply> {
  const { parts, params, query, body, caller, note } = asked;
  const action = query.get('action') ?? '';
  if (action === '') throw new RancherError('MethodNotAllow', 'Method POST not supported', undefined, get);
  if (action !== 'backupEtcd' && action !== 'restoreFromEtcdBackup')
    throw new RancherError('InvalidAction', `Invalid action: ${action}`);
  const { permission, refusal, unknown } = words[action];
  const cluster = await findCluster(parts.context.store, params['cluster'] ?? '');
  const told = { action: `rancher ${action}`, cluster: cluster?.id ?? null };
  note({ ...told, of: null });
  // Before it is told whether there is such a cluster: nobody learns what is none of theirs.
  if (!isAllowed(caller.grants, permission, cluster?.id ?? null))
    throw new RancherError('PermissionDenied', refusal);
  if (cluster === undefined) throw new PlainRefusal(unknown);
  if (cluster.spec.repositories.length === 0) {
    const why = `action ${action} is not available: the cluster has no repository`;
    throw new RancherError('ActionNotAvailable', why);
  }
  if (action === 'backupEtcd') {
    const backup = await beginBackup(parts, caller, cluster);
    note({ ...told, of: backup.operation });
    return { status: 200, body: backupObject(backup, await viewOf(asked, cluster.id)) };
  }
  const { id } = await beginRestore(parts, caller, cluster, body);
  note({ ...told, of: id });
  // The operation is ours to add: Rancher's clients read the message alone.
  return { status: 201, body: { message: 'restoring etcdbackup for the cluster', operationId: id } };
}

const get = { allow: 'GET' };

/** @throws RancherError NotFound: also where the caller may not see it */
async function seenCluster({ parts, params, caller }: RancherAsked): Promise<StoredCluster> {
  const cluster = await findCluster(parts.context.store, params['cluster'] ?? '');
  if (cluster !== undefined && isAllowed(caller.grants, 'view', cluster.id)) return cluster;
  throw new RancherError('NotFound', `clusters.management.cattle.io "${params['cluster'] ?? ''}" not found`);
}
