import { readFile } from 'node:fs/promises';
import { systemClock } from '@holdfast/base';
import { connectEtcd } from '@holdfast/etcd/client';
import { etcdOrSkip, startCluster } from '@holdfast/test-servers';
import { expect, test } from 'vitest';
import type { VerbContext } from '../../context.ts';
import { memberOf, planOf } from '../checks/test-plan.ts';
import { performClusterStep, type ClusterStepOrder } from './index.ts';

const { skip } = await etcdOrSkip('3.6');
const context: VerbContext = { clock: systemClock, signal: new AbortController().signal, holdfast: '0.0.0' };

test.skipIf(skip)(
  'a cluster that asks for a login is proven with one, and told as unproven without',
  async () => {
    await using cluster = await startCluster({ version: '3.6', tls: true, auth: true });
    const { tls, auth } = cluster;
    const files = {
      ca: await readFile(tls!.cacert),
      cert: await readFile(tls!.cert),
      key: await readFile(tls!.key),
    };
    const [{ name, peerUrl, clientUrl }] = cluster.members as [(typeof cluster.members)[0]];
    const { clusterId } = await cluster.gateway().status();
    const plan = planOf({
      members: [memberOf(name, 1, { peerUrls: [peerUrl], clientUrls: [clientUrl] })],
      source: { kind: 'salvage', member: name, size: 1, revision: 1 },
      expected: { clusterId: clusterId.toString(16), revision: null },
      bump: null,
    });
    const order = (kind: 'agree' | 'probe', login: boolean): ClusterStepOrder => ({
      plan,
      kind,
      member: undefined,
      found: () => undefined,
      nodes: () => {
        throw new Error('no node is asked');
      },
      connect: (endpoints) =>
        connectEtcd({ endpoints, clock: systemClock, tls: files, ...(login && auth && { auth }) }),
      endOfStep: AbortSignal.timeout(20_000),
    });
    const outcome = async (kind: 'agree' | 'probe', login: boolean): Promise<unknown> =>
      (await performClusterStep(context, order(kind, login)))['checks'];
    expect(await outcome('agree', true)).toMatchObject([{ id: 'Q1', outcome: 'passed' }]);
    expect(await outcome('agree', false)).toMatchObject([
      { id: 'Q1', outcome: 'warned', detail: expect.stringContaining('without a login') as string },
    ]);
    // Nothing is bumped, so a watcher goes on; with a login that is seen.
    expect(await outcome('probe', true)).toMatchObject([
      { id: 'Q2', outcome: 'warned', detail: expect.stringContaining('watcher') as string },
    ]);
    expect(await outcome('probe', false)).toMatchObject([
      { id: 'Q2', outcome: 'warned', evidence: { code: 'etcd-auth' } },
    ]);
  },
);
