import { join } from 'node:path';
import { systemClock } from '@holdfast/base';
import { connectEtcd } from '@holdfast/etcd/client';
import { readWalSummary, surveyMemberDir } from '@holdfast/etcd/datadir';
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
    version: null,
  });
  return {
    description: {
      apiVersion: 'holdfast.dev/v1',
      kind: 'ClusterDescription',
      name: 'prod',
      members,
      controlPlane: [],
    },
    nodes: () => ({ observe }) as unknown as RestoreNode,
    connect: (endpoints) => connectEtcd({ endpoints, clock: systemClock }),
    by: 'root@bastion',
  };
}

/** The data that is chosen is behind nobody's, by the logs as they lie there: one stopped early, one killed, one alone. */
async function expectFurthest({ plan }: EtcdCluster, request: PlanRequest): Promise<void> {
  const { source, loss, checks } = await planRestore(context, { ...request, way: 'salvage' });
  const end = async (name: string): Promise<[term: number, index: number]> => {
    const { dataDir } = plan.members.find((each) => each.name === name)!;
    const log = (await readWalSummary(join(dataDir, 'member', 'wal')))!;
    return [log.lastTerm, log.lastIndex];
  };
  if (source.kind !== 'salvage') throw new Error('a survivor was expected');
  const own = await end(source.member);
  for (const { name } of plan.members) {
    const other = await end(name);
    expect(own[0] - other[0] || own[1] - other[1]).toBeGreaterThanOrEqual(0);
  }
  expect(loss).toMatchObject({ revisions: 0 });
  expect(checks.find(({ id }) => id === 'P3')).toMatchObject({ outcome: 'passed' });
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
    expect(alone.members.map(({ sight }) => sight.listed?.map(({ name }) => name).toSorted())).toEqual(
      names.map(() => names),
    );
    expect(alone.members[0]?.sight.version).toMatch(/^3\.6\./);
    await cluster.stop(0);
    expect(await verdict()).toMatchObject({
      verdict: 'stopped',
      ways: [{ way: 'start', members: names }, {}, {}],
    });

    await expectFurthest(cluster, request);
    const one = { ...request.description, members: request.description.members.slice(0, 1) };
    const bare = await planRestore(context, { ...request, description: one, way: 'salvage' });
    expect(bare.why).toMatch(/^no quorum is left of the 3 voting members/);
    expect(bare.checks.find(({ id }) => id === 'P13')).toMatchObject({
      outcome: 'failed',
      evidence: { notFenced: [{}, {}] },
    });

    const plan = await planRestore(context, { ...request, file, way: 'snapshot' });
    expect(plan.loss).toMatchObject({ revisions: 5, objects: { created: 5, changed: 0, deleted: 0 } });
    expect(plan.source).toMatchObject({ revision: 21 });
  },
);

test.skipIf(skip)('a cluster that is electing its next leader has not lost its quorum', async () => {
  await using cluster = await startCluster({ version: '3.6', members: 3 });
  const request = requestFor(cluster);
  const leader = await cluster.leaderIndex();
  await cluster.kill(leader);
  expect(await triageCluster(context, request)).toMatchObject({
    verdict: 'minority-lost',
    ways: [{ way: 'start', members: [cluster.members[leader]!.name] }, {}],
  });
});
