import { createHash } from 'node:crypto';
import type { Policy } from '@holdfast/model';
import type { Backup } from './backup.ts';
import type { StoredCluster } from '../../store/clusters.ts';
import type { StoredRepository } from '../../store/repositories.ts';

/** What resources are made of beside their own content. */
export interface View {
  /** `https://host:port`, as the client wrote it: links begin with it. */
  readonly base: string;
  readonly actionsField: 'actions' | 'actionLinks';
  /** What the caller may do in the cluster: links and actions are only told to who may use them. */
  readonly may: { readonly save: boolean; readonly restore: boolean; readonly admin: boolean };
  readonly repositories: ReadonlyMap<string, StoredRepository>;
  /** Of the cluster. */
  readonly policies: readonly Policy[];
}

type Json = Readonly<Record<string, unknown>>;

/** An etcdBackup as the collection and its items show it. */
export function backupResource(backup: Backup, view: View): Json {
  const { cluster, name } = backup;
  const id = `${cluster}:${name}`;
  const self = `${view.base}/v3/etcdBackups/${encodeURIComponent(id).replace('%3A', ':')}`;
  return {
    id,
    type: 'etcdBackup',
    baseType: 'etcdBackup',
    name,
    namespaceId: cluster,
    clusterId: cluster,
    manual: backup.manual,
    filename: filenameOf(backup, view),
    backupConfig: typed(backupConfig(view, backup.places[0])),
    status: { type: '/v3/schemas/etcdBackupStatus', ...statusOf(backup) },
    state: backup.state,
    transitioning: { activating: 'yes', active: 'no', failed: 'error' }[backup.state],
    transitioningMessage: backup.state === 'activating' ? 'backup is in progress' : backup.message,
    created: backup.createdAt,
    createdTS: Date.parse(backup.createdAt),
    creatorId: backup.by,
    uuid: uidOf(cluster, backup.snapshot),
    labels: {},
    annotations: annotationsOf(backup),
    ownerReferences: [{ ...ownerOf(cluster), type: '/v3/schemas/ownerReference' }],
    links: { self, ...(view.may.admin && { remove: self }) },
    [view.actionsField]: {},
  };
}

/** The same as Kubernetes would show it: what the action backupEtcd answers with. */
export function backupObject(backup: Backup, view: View): Json {
  const { cluster, name } = backup;
  return {
    apiVersion: 'management.cattle.io/v3',
    kind: 'EtcdBackup',
    metadata: {
      name,
      namespace: cluster,
      generateName: name.replace(/[^-]*$/, ''),
      uid: uidOf(cluster, backup.snapshot),
      creationTimestamp: seconds(backup.createdAt),
      labels: {},
      annotations: annotationsOf(backup),
      ownerReferences: [ownerOf(cluster)],
    },
    spec: {
      clusterId: cluster,
      manual: backup.manual,
      filename: filenameOf(backup, view),
      backupConfig: backupConfig(view, backup.places[0]),
    },
    status: statusOf(backup),
  };
}

/** A cluster, as far as its backups are concerned. */
export function clusterResource({ id, spec, createdAt }: StoredCluster, view: View): Json {
  const self = `${view.base}/v3/clusters/${id}`;
  // As in Rancher: an action is there where backups are configured and the caller may use it.
  const isConfigured = spec.repositories.length > 0;
  return {
    id,
    type: 'cluster',
    baseType: 'cluster',
    name: spec.name,
    description: spec.description,
    state: 'active',
    transitioning: 'no',
    transitioningMessage: '',
    created: createdAt,
    createdTS: Date.parse(createdAt),
    uuid: uidOf(id),
    rancherKubernetesEngineConfig: {
      type: '/v3/schemas/rancherKubernetesEngineConfig',
      services: {
        etcd: { backupConfig: isConfigured ? typed(backupConfig(view, spec.repositories[0])) : null },
      },
    },
    links: { self, etcdBackups: `${self}/etcdbackups` },
    [view.actionsField]: {
      ...(isConfigured && view.may.save && { backupEtcd: `${self}?action=backupEtcd` }),
      ...(isConfigured &&
        view.may.restore && { restoreFromEtcdBackup: `${self}?action=restoreFromEtcdBackup` }),
    },
  };
}

/** Where it lies: the name alone on nodes, an address in a bucket. */
function filenameOf({ snapshot, places }: Backup, { repositories }: View): string {
  const s3 = places
    .map((repository) => repositories.get(repository)?.spec.s3)
    .find((each) => each !== undefined);
  if (s3 === undefined) return snapshot;
  const endpoint = (s3.endpoint ?? 's3.amazonaws.com').replace(/^https?:\/\//, '').replace(/\/$/, '');
  return `https://${[endpoint, s3.bucket, s3.folder ?? '', snapshot].filter(Boolean).join('/')}`;
}

/** A cluster's schedule in Rancher's words, by its first policy with one; keys of a bucket are never told. */
function backupConfig({ policies, repositories }: View, repository: string | undefined): Json {
  const policy = policies.find(({ schedule }) => schedule !== null);
  const schedule = policy?.schedule ?? null;
  const s3 = repository === undefined ? undefined : repositories.get(repository)?.spec.s3;
  return {
    enabled: policy !== undefined && policy.pause === null,
    intervalHours: schedule !== null && 'intervalHours' in schedule ? schedule.intervalHours : null,
    retention: policy?.retention.last ?? null,
    safeTimestamp: false,
    timeout: 300,
    s3BackupConfig:
      s3 === undefined
        ? null
        : {
            bucketName: s3.bucket,
            endpoint: s3.endpoint ?? 's3.amazonaws.com',
            folder: s3.folder ?? '',
            region: s3.region ?? '',
            customCa: s3.ca ?? '',
          },
  };
}

/** As resources have it: objects within them name their types. */
function typed(config: Json): Json {
  const s3 = config['s3BackupConfig'] as Json | null;
  return {
    type: '/v3/schemas/backupConfig',
    ...config,
    s3BackupConfig: s3 === null ? null : { type: '/v3/schemas/s3BackupConfig', ...s3 },
  };
}

function statusOf({ state, message, createdAt, endedAt, kubernetesVersion }: Backup): Json {
  const completed = { activating: 'Unknown', active: 'True', failed: 'False' }[state];
  return {
    conditions: [
      condition('Created', 'True', createdAt),
      condition('Completed', completed, endedAt ?? createdAt, state === 'failed' ? message : ''),
    ],
    kubernetesVersion: kubernetesVersion ?? '',
  };
}

function condition(type: string, status: string, at: string, why = ''): Json {
  const moment = { lastUpdateTime: seconds(at), lastTransitionTime: seconds(at) };
  return { type, status, ...moment, ...(why !== '' && { reason: 'Error', message: why }) };
}

function ownerOf(cluster: string): Json {
  return {
    apiVersion: 'management.cattle.io/v3',
    kind: 'Cluster',
    name: cluster,
    uid: uidOf(cluster),
    controller: true,
  };
}

function annotationsOf({ operation, stored, snapshot }: Backup): Json {
  return {
    'holdfast.dev/snapshot': snapshot,
    ...(operation !== null && { 'holdfast.dev/operation': operation }),
    ...(stored.length > 0 && {
      'holdfast.dev/repositories': stored.map(({ repository }) => repository).join(','),
    }),
  };
}

/** The same for the same thing, whoever is asked and whenever: a UUID (RFC 9562, version 8) of its names. */
function uidOf(...names: readonly string[]): string {
  const hash = createHash('sha256').update(names.join('/')).digest('hex');
  const parts = [hash.slice(0, 8), hash.slice(8, 12), `8${hash.slice(13, 16)}`, `a${hash.slice(17, 20)}`];
  return [...parts, hash.slice(20, 32)].join('-');
}

/** Kubernetes' moments have no milliseconds. */
function seconds(moment: string): string {
  return moment.replace(/\.\d+Z$/, 'Z');
}
