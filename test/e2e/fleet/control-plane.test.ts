import { join } from 'node:path';
import { kubeApiserverOrSkip, hostsOrSkip, kubeClient, planKubeApiserver } from '@holdfast/test-servers';
import type { KubeClient } from '@holdfast/test-servers';
import type { Operation } from '@holdfast/model/fleet';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { describeAnew } from './describe-anew.ts';
import type { EtcdNode } from './etcd-node.ts';
import { Fleet } from './fleet.ts';
import { recordsOf } from './strikes.ts';
import { until } from './until.ts';

const skip = (await hostsOrSkip()).skip || (await kubeApiserverOrSkip()).skip;

const numbered = (prefix: string): string[] => Array.from({ length: 5 }, (_, i) => `${prefix}-${i}`);
/** ConfigMaps of the snapshot, and of the end: one of them is gone by then, and others have come. */
const atSnapshot = numbered('early');
const atEnd = [...atSnapshot.slice(1), ...numbered('late')];

describe.skipIf(skip)(
  'a fleet with real kube-apiservers on two of its machines',
  { timeout: 240_000 },
  () => {
    let fleet: Fleet;
    let first: KubeClient;
    let second: KubeClient;
    let nodes: readonly [EtcdNode, EtcdNode];
    let snapshot: string;
    let clusterId: bigint;
    /** As each ConfigMap of the snapshot was made. */
    const made = new Map<string, string>();

    beforeAll(async () => {
      fleet = await Fleet.make({ members: 3 });
      const [n1, n2] = fleet.nodes as [EtcdNode, EtcdNode];
      nodes = [n1, n2];
      [first, second] = await Promise.all([apiserver(n1, 'api-1'), apiserver(n2, 'api-2')]);
      for (const node of nodes) await describeAnew(fleet, node);
      for (const name of atSnapshot)
        made.set(name, (await first.createConfigMap(name, { of: name })).metadata.uid);
      const { id } = await fleet.client.call('saveSnapshot', {
        params: { cluster: fleet.cluster },
        body: {},
      });
      const saved = await fleet.ended({ id });
      expect(saved).toMatchObject({ state: 'succeeded', failure: null });
      snapshot = String(saved.result?.['snapshot']);
      for (const late of numbered('late')) await second.createConfigMap(late, {});
      await second.deleteConfigMap(atSnapshot[0]!);
      clusterId = await clusterIdNow(n1);
    }, 180_000);
    afterAll(() => fleet?.[Symbol.asyncDispose]());

    /** A kube-apiserver of a machine, over all members; it starts as on any machine. */
    async function apiserver({ host, components }: EtcdNode, name: string): Promise<KubeClient> {
      const etcd = fleet.members.map(({ clientUrl }) => clientUrl);
      const plan = await planKubeApiserver({ etcd, dir: join(host.disk, name), address: host.address });
      const { command, logFile, url } = plan;
      components.push({
        ...{ name, component: 'kube-apiserver', urls: [url] },
        run: { driver: 'process', command: [...command], environment: {}, logFile },
      });
      await host.start(command, { logFile });
      const client = kubeClient(plan);
      await until(`${name} is ready, see ${logFile}`, () => client.isReady());
      return client;
    }

    /** Through each API server, from etcd and from its watch cache: these ConfigMaps, and no other. */
    async function expectObjects(wanted: readonly string[]): Promise<void> {
      for (const client of [first, second]) {
        for (const how of [undefined, 'cached'] as const) {
          const { items } = await client.listConfigMaps(how);
          const listed = items.map(({ metadata }) => metadata.name).filter((name) => !name.includes('.'));
          expect({ how, listed: listed.toSorted() }).toEqual({ how, listed: wanted.toSorted() });
        }
      }
    }

    test('serves the snapshot and nothing else after a restore, and what was there before after its rollback', async () => {
      const before = await first.listConfigMaps();
      const lost = fleet.nodes[2]!;
      await lost.killEtcd();
      lost.wipe();
      const operation = await fleet.restore({ way: 'snapshot', repository: 'main', snapshot });
      expect(operation).toMatchObject({ state: 'succeeded', phase: 'Finished', failure: null });
      await expectOrder(fleet, operation);
      await expectObjects(atSnapshot);
      for (const client of [first, second]) {
        for (const [name, uid] of made)
          expect(await client.getConfigMap(name)).toMatchObject({ metadata: { uid }, data: { of: name } });
        expect(await client.firstOfWatch(before.resourceVersion)).toMatchObject({
          ...{ type: 'ERROR', object: { code: 410, reason: 'Expired' } },
        });
      }
      await first.createConfigMap('new-1', {});
      await second.createConfigMap('new-2', {});
      await expectObjects([...atSnapshot, 'new-1', 'new-2']);
      expect(await clusterIdNow(nodes[0])).not.toBe(clusterId);

      await fleet.client.call('rollbackRestore', { params: { operation: operation.id } });
      expect(await fleet.ended(operation)).toMatchObject({ state: 'rolled-back', phase: 'Failed' });
      expect(await clusterIdNow(nodes[0])).toBe(clusterId);
      await expectObjects(atEnd);
    });
  },
);

/** By the records of the operation: API servers are stopped before any etcd is, and started after the new cluster is proven. */
async function expectOrder(fleet: Fleet, operation: Operation): Promise<void> {
  const told: { readonly event: string; readonly kind: string; readonly member: string | null }[] = [];
  for await (const { event, step = 0 } of recordsOf(fleet, operation)) {
    const { kind = '', member = null } = operation.steps[step - 1] ?? {};
    told.push({ event, kind, member });
  }
  const places = (event: string, kind: string): number[] =>
    told.flatMap((each, at) => (each.event === event && each.kind === kind ? [at] : []));
  const halted = places('done', 'halt');
  const served = told.filter(({ event, kind }) => event === 'done' && kind === 'serve');
  expect(halted).toHaveLength(2);
  expect(served.map(({ member }) => member)).toEqual(['api-1', 'api-2']);
  expect(Math.max(...halted)).toBeLessThan(Math.min(...places('begin', 'stop')));
  const proven = Math.max(...places('done', 'agree'), ...places('done', 'probe'));
  expect(Math.min(...places('begin', 'serve'))).toBeGreaterThan(proven);
}

async function clusterIdNow(node: EtcdNode): Promise<bigint> {
  const gateway = node.gateway();
  try {
    return (await gateway.status()).clusterId;
  } finally {
    gateway.close();
  }
}
