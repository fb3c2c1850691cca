import { RancherError } from './error.ts';
import type { RancherAsked, RancherReply } from './mount.ts';

type Json = Readonly<Record<string, unknown>>;

/** The types that clients look up, with the methods that they take. */
const types: Readonly<Record<string, Json>> = {
  cluster: {
    pluralName: 'clusters',
    collectionMethods: ['GET'],
    resourceMethods: ['GET'],
    resourceActions: {
      backupEtcd: {},
      restoreFromEtcdBackup: { input: 'restoreFromEtcdBackupInput' },
    },
    resourceFields: { name: { type: 'string' }, description: { type: 'string' }, state: { type: 'string' } },
  },
  etcdBackup: {
    pluralName: 'etcdBackups',
    collectionMethods: ['GET', 'POST'],
    resourceMethods: ['GET', 'DELETE'],
    resourceActions: {},
    resourceFields: {
      clusterId: { type: 'reference[cluster]', create: true, required: true, update: false },
      filename: { type: 'string', create: true, update: false },
      manual: { type: 'boolean' },
      backupConfig: { type: 'backupConfig' },
      status: { type: 'etcdBackupStatus' },
    },
  },
  restoreFromEtcdBackupInput: {
    pluralName: 'restoreFromEtcdBackupInputs',
    collectionMethods: [],
    resourceMethods: [],
    resourceActions: {},
    resourceFields: {
      etcdBackupId: { type: 'reference[etcdBackup]', create: true },
      restoreRkeConfig: { type: 'enum', create: true, options: ['', 'kubernetesVersion', 'all'] },
    },
  },
};

/** `GET /v3`: what there is. */
export function apiRoot({ base }: RancherAsked): RancherReply {
  const links = {
    self: `${base}/v3`,
    root: `${base}/v3`,
    schemas: `${base}/v3/schemas`,
    clusters: `${base}/v3/clusters`,
    etcdBackups: `${base}/v3/etcdBackups`,
  };
  const apiVersion = { group: 'management.cattle.io', path: '/v3', version: 'v3' };
  return {
    status: 200,
    body: { id: '/v3', type: 'apiRoot', baseType: 'apiRoot', apiVersion, links, actions: {} },
  };
}

/** `GET /v3/schemas`. */
export function schemas({ base, url }: RancherAsked): RancherReply {
  const data = Object.keys(types).map((name) => schemaOf(name, base));
  const body = { type: 'collection', resourceType: 'schema', links: { self: url }, actions: {}, data };
  return { status: 200, body };
}

/** `GET /v3/schemas/<type>`. */
export function schema({ base, params }: RancherAsked): RancherReply {
  const name = params['schema'] ?? '';
  if (types[name] === undefined) throw new RancherError('NotFound', `schema ${name} not found`);
  return { status: 200, body: schemaOf(name, base) };
}

function schemaOf(name: string, base: string): Json {
  const { pluralName } = types[name]!;
  return {
    id: name,
    type: 'schema',
    baseType: 'schema',
    version: { group: 'management.cattle.io', path: '/v3', version: 'v3' },
    ...types[name],
    links: { self: `${base}/v3/schemas/${name}`, collection: `${base}/v3/${String(pluralName)}` },
    actions: {},
  };
}
