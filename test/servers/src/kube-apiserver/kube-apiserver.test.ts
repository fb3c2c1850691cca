import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type EtcdCluster, startCluster } from '../cluster/cluster.ts';
import { etcdOrSkip } from '../require.ts';
import { kubeApiserverBinary } from './obtain.ts';
import { kubeApiserverOrSkip } from './require.ts';
import { type KubeApiserver, startKubeApiserver } from './start.ts';

const skip = (await etcdOrSkip('3.6')).skip || (await kubeApiserverOrSkip()).skip;

describe.skipIf(skip)('a real kube-apiserver over a real etcd', () => {
  let dir: string;
  let cluster: EtcdCluster;
  let server: KubeApiserver;
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'holdfast-kube-'));
    cluster = await startCluster({ version: '3.6' });
    server = await startKubeApiserver({ etcd: cluster.endpoints, dir });
  });
  afterAll(async () => {
    await server?.[Symbol.asyncDispose]();
    await cluster?.[Symbol.asyncDispose]();
    await rm(dir, { recursive: true });
  });

  it('is of a version that it tells', async () => {
    expect((await kubeApiserverBinary()).version).toMatch(/^1\.\d+\.\d+$/);
  });

  it('keeps objects in etcd, and gives them from there and from its watch cache', async () => {
    const { client } = server;
    const { metadata } = await client.createConfigMap('first', { colour: 'blue' });
    expect(await client.getConfigMap('first')).toMatchObject({ metadata, data: { colour: 'blue' } });
    for (const how of [undefined, 'cached'] as const) {
      const { items } = await client.listConfigMaps(how);
      expect(items.map(({ metadata }) => metadata.uid)).toEqual([metadata.uid]);
    }
    const { keyValues } = await cluster.gateway().rangeAll();
    const keys = keyValues.map(({ key }) => key.toString());
    expect(keys).toContain('/registry/configmaps/default/first');
  });

  it('tells a watcher what came after a resourceVersion', async () => {
    const { resourceVersion } = await server.client.listConfigMaps();
    const { metadata } = await server.client.createConfigMap('second', {});
    expect(await server.client.firstOfWatch(resourceVersion)).toMatchObject({
      type: 'ADDED',
      object: { metadata },
    });
  });

  it('ends by itself when it is told to', async () => {
    await server.stop();
    expect(await server.client.isReady()).toBe(false);
    expect(() => process.kill(server.pid, 0)).toThrow('ESRCH');
  });
});
