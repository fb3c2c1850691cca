import { join } from 'node:path';
import { systemClock } from '@holdfast/base';
import { connectEtcd } from '@holdfast/etcd/client';
import { surveyMemberDir } from '@holdfast/etcd/datadir';
import type { MemberDescription, MemberSight } from '@holdfast/model';
import { etcdOrSkip, startCluster, type EtcdCluster } from '@holdfast/test-servers';
import { expect, test } from 'vitest';
import type { VerbContext } from '../../context.ts';
import type { RestoreNode } from '../node.ts';
import { planRestore, triageCluster, type PlanRequest } from './index.ts';

const { skip } = await etcdOrSkip('3.6');
const context: VerbContext = { clock: systemClock, signal: new AbortController().signal, holdfast: '0.1.0' };

/** The members' files are looked at, and whether their processes run. */
function requestFor(cluster: EtcdCluster): PlanRequest {
  const members = cluster.plan.members.map(({ name, peerUrl, clientUrl, dataDir }): MemberDescription => ({
    name,
    peerUrls: [peerUrl],
    clientUrls: [clientUrl],
    dataDir,
    run: { driver: 'systemd', unit: 'etcd.service' },
  }));
  const observe = async (member: MemberDescription): Promise<MemberSight> => ({
    running: cluster.members.find(({ name }) => name === member.name)?.pid !== undefined,
    answers: false,
    inQuorum: false,
    ...(await surveyMemberDir({ memberDir: join(member.dataDir, 'member') })),
  });
  return {
    description: { apiVersion: 'holdfast.dev/v1', kind: 'ClusterDescription', name: 'prod', members },
    nodes: () => ({ observe }) as unknown as RestoreNode,
    connect: (endpoints) => connectEtcd({ endpoints, clock: systemClock }),
    by: 'root@bastion',
  };
}

test.skipIf(skip)(
  'a cluster that loses one member after another is judged by what it really does',
  async () => {
    await using cluster = await startCluster({ version: '3.6', members: 3 });
    for (let i = 0; i < 20; i++) await cluster.gateway().put(`k${i}`, 'v');
    const file = join(cluster.dir, 'snapshot.db');
    await cluster.snapshotSave(file);
    for (let i = 20; i < 25; i++) await cluster.gateway().put(`k${i}`, 'v');
    const request = requestFor(cluster);
    const names = request.description.members.map(({ name }) => name);
    const verdict = async () => await triageCluster(context, { ...request, file });

    expect(await verdict()).toMatchObject({ verdict: 'healthy' });
    await cluster.stop(2);
    expect(await verdict()).toMatchObject({
      verdict: 'minority-lost',
      ways: [{ way: 'start', members: [names[2]] }, {}, {}],
    });
    const replacing = await planRestore(context, { ...request, way: 'replace' });
    expect(replacing.members.map(({ name }) => name)).toEqual([names[2]]);
    expect(replacing.expected.clusterId).toBe(replacing.members[0]?.sight.clusterId);

    await cluster.kill(1);
    expect(await verdict()).toMatchObject({ verdict: 'stopped' });
    const alone = await planRestore(context, { ...request, file, way: 'snapshot' });
    expect(alone.members[0]?.sight).toMatchObject({ answers: true, inQuorum: false });
    expect(alone.loss).toMatchObject({ revisions: 5, objects: { created: 5, changed: 0, deleted: 0 } });
    expect(alone.otherWays).toMatchObject([
      { way: 'start', loss: null },
      { way: 'salvage', of: names[0], revision: 26, loss: { objects: null } },
    ]);
    await cluster.stop(0);
    expect(await verdict()).toMatchObject({
      verdict: 'stopped',
      ways: [{ way: 'start', members: names }, {}, {}],
    });

    const plan = await planRestore(context, { ...request, file, way: 'snapshot' });
    expect(plan.loss).toMatchObject({ revisions: 5, objects: { created: 5, changed: 0, deleted: 0 } });
    expect(plan.source).toMatchObject({ revision: 21 });
  },
);
