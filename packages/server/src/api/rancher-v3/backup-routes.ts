import { isAllowed, isAllowedSomewhere } from '@holdfast/model/fleet';
import { z } from 'zod';
import { beginBackup, filenameOf, parsed } from './actions.ts';
import type { Backup } from './backup.ts';
import { collection, readQuery } from './collection.ts';
import { RancherError } from './error.ts';
import type { RancherAsked, RancherReply } from './mount.ts';
import { backupNamed, findCluster, readBackups, viewOf } from './read.ts';
import { backupResource } from './resource.ts';
import type { StoredCluster } from '../../store/clusters.ts';

const fields = [
  'id',
  'name',
  'clusterId',
  'namespaceId',
  'manual',
  'filename',
  'state',
  'created',
  'creatorId',
];

/** `GET /v3/etcdBackups`. */
export async function listBackups(asked: RancherAsked): Promise<RancherReply> {
  const { parts, caller, query } = asked;
  const { store } = parts.context;
  // By far the most used filter: the others are looked at once all are read.
  const wanted = query.get('clusterId') ?? query.get('clusterName');
  const one = wanted === null ? undefined : await findCluster(store, wanted);
  const all = wanted === null ? await store.clusters.all() : one === undefined ? [] : [one];
  return backupCollection(
    asked,
    all.filter(({ id }) => isAllowed(caller.grants, 'view', id)),
  );
}

/** The backups of some clusters as a collection. */
export async function backupCollection(
  asked: RancherAsked,
  clusters: readonly StoredCluster[],
): Promise<RancherReply> {
  const { parts, caller, base, url } = asked;
  const { store } = parts.context;
  const found: Readonly<Record<string, unknown>>[] = [];
  for (const { id } of clusters) {
    const view = await viewOf(asked, id);
    for (const backup of await readBackups(store, id)) found.push(backupResource(backup, view));
  }
  const mayCreate = isAllowedSomewhere(caller.grants, 'save');
  const createTypes = mayCreate ? { etcdBackup: `${base}/v3/etcdBackups` } : {};
  const query = readQuery(await byIds(asked), fields);
  return { status: 200, body: collection('etcdBackup', found, query, { self: url, createTypes }) };
}

/** The query with `clusterId` where it says `clusterName`, and with ids where it names clusters. */
async function byIds({ parts, query, caller }: RancherAsked): Promise<URLSearchParams> {
  const changed = new URLSearchParams();
  for (const [key, value] of query) {
    const [, modifier] = /^cluster(?:Id|Name)(|_eq|_ne|_in|_notin)$/.exec(key) ?? [];
    if (modifier === undefined) {
      changed.append(key, value);
      continue;
    }
    const words = modifier.endsWith('in') ? value.split(',') : [value];
    const found = words.map(async (word) => {
      const cluster = await findCluster(parts.context.store, word);
      // The filters are told in the reply: nobody learns the id of a cluster that is none of theirs.
      return cluster !== undefined && isAllowed(caller.grants, 'view', cluster.id) ? cluster.id : word;
    });
    changed.append(`clusterId${modifier}`, (await Promise.all(found)).join(','));
  }
  return changed;
}

/** `clusterName` is how document 000 spells it. */
const Fields = z.object({
  clusterId: z.string().nullish(),
  clusterName: z.string().nullish(),
  filename: z.string().nullish(),
});
/** The fields as Rancher's resources have them, or as its objects in Kubernetes do. */
const NewBackup = Fields.extend({
  namespaceId: z.string().nullish(),
  spec: Fields.optional(),
});

/** `POST /v3/etcdBackups`: the same as the action backupEtcd, told as a resource. */
export async function createBackup(asked: RancherAsked): Promise<RancherReply> {
  const { parts, caller, body, note } = asked;
  const input = NewBackup.safeParse(body === '' ? {} : parsed(body));
  if (!input.success) throw new RancherError('InvalidBodyContent', 'the body is not that of an etcdBackup');
  const { namespaceId, spec, ...own } = input.data;
  const { clusterId, clusterName, filename } = spec ?? own;
  const word = clusterId || clusterName || namespaceId || '';
  if (word === '') throw new RancherError('MissingRequired', 'missing required field clusterId', 'clusterId');
  const cluster = await findCluster(parts.context.store, word);
  if (cluster === undefined || !isAllowed(caller.grants, 'view', cluster.id))
    throw new RancherError('InvalidReference', `cluster ${word} not found`, 'clusterId');
  note({ action: 'rancher create etcdBackup', cluster: cluster.id, of: null });
  if (!isAllowed(caller.grants, 'save', cluster.id))
    throw new RancherError('PermissionDenied', 'can not backup etcd');
  const backup = await beginBackup(parts, caller, cluster, filename ? filenameOf(filename) : undefined);
  note({ action: 'rancher create etcdBackup', cluster: cluster.id, of: backup.operation });
  return { status: 201, body: backupResource(backup, await viewOf(asked, cluster.id)) };
}

/** `GET /v3/etcdBackups/<cluster>:<name>`. */
export async function getBackup(asked: RancherAsked): Promise<RancherReply> {
  const { backup, cluster } = await named(asked);
  return { status: 200, body: backupResource(backup, await viewOf(asked, cluster.id)) };
}

/** `DELETE /v3/etcdBackups/<cluster>:<name>`: in every repository that has it; what is under way is given up. */
export async function removeBackup(asked: RancherAsked): Promise<RancherReply> {
  const { parts, caller, note } = asked;
  const { backup, cluster } = await named(asked);
  note({ action: 'rancher remove etcdBackup', cluster: cluster.id, of: backup.snapshot });
  if (!isAllowed(caller.grants, 'admin', cluster.id))
    throw new RancherError('PermissionDenied', 'can not delete etcd backup');
  const asker = { by: caller.name, trigger: 'api' } as const;
  const reason = `deleted by ${caller.name} through Rancher's API`;
  const ids = backup.stored.flatMap(({ id }) => id ?? []);
  if (backup.state === 'activating' && backup.operation !== null) {
    await parts.operations.cancel(asker, backup.operation, reason);
  } else if (ids.length === 0) {
    const why =
      backup.stored.length === 0
        ? 'nothing is stored of this backup: its record goes by itself'
        : 'the server does not see where it is stored: its policy or its node removes it';
    throw new RancherError('InvalidState', why);
  }
  for (const snapshot of ids)
    await parts.operations.onSnapshot(asker, 'delete', { cluster: cluster.id, snapshot, reason });
  const shown = backupResource(backup, await viewOf(asked, cluster.id));
  return { status: 200, body: { ...shown, state: 'removing', transitioning: 'yes' } };
}

/** @throws RancherError NotFound: also where the caller may not see it */
async function named({
  parts,
  params,
  caller,
}: RancherAsked): Promise<{ backup: Backup; cluster: StoredCluster }> {
  const id = params['id'] ?? '';
  const colon = id.indexOf(':');
  const cluster = colon < 1 ? undefined : await findCluster(parts.context.store, id.slice(0, colon));
  if (cluster !== undefined && isAllowed(caller.grants, 'view', cluster.id)) {
    const backups = await readBackups(parts.context.store, cluster.id);
    const backup = backupNamed(backups, id.slice(colon + 1));
    if (backup !== undefined) return { backup, cluster };
  }
  throw new RancherError('NotFound', `etcdbackups.management.cattle.io "${id}" not found`);
}
