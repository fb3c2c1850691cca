import { readFile } from 'node:fs/promises';
import { systemClock } from '@holdfast/base';
import type { EtcdCluster } from '@holdfast/test-servers';
import { connectEtcd, type EtcdClient, type EtcdOptions } from '../client.ts';

/** What tests reach a cluster with: its own certificates and its root user, unless they say otherwise. */
export async function optionsOf(cluster: EtcdCluster): Promise<EtcdOptions> {
  const { tls, auth } = cluster;
  return {
    endpoints: cluster.endpoints,
    clock: systemClock,
    ...(tls && {
      tls: { ca: await readFile(tls.cacert), cert: await readFile(tls.cert), key: await readFile(tls.key) },
    }),
    ...(auth && { auth: { user: auth.user, password: auth.password } }),
  };
}

export async function clientOf(
  cluster: EtcdCluster,
  overrides: Partial<EtcdOptions> = {},
): Promise<EtcdClient> {
  return connectEtcd({ ...(await optionsOf(cluster)), ...overrides });
}
