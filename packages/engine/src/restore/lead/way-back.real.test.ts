import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@holdfast/base';
import { connectEtcd } from '@holdfast/etcd/client';
import { planSteps, type MemberDescription, type MemberSight, type PlannedMember } from '@holdfast/model';
import { etcdOrSkip, startCluster, type EtcdCluster } from '@holdfast/test-servers';
import { afterAll, expect, test } from 'vitest';
import { performClusterStep } from '../cluster-steps/index.ts';
import { abortRestore, rollbackRestore } from './lead.ts';
import type { LeadOptions } from './leader.ts';
import { hashed, planOf } from './testing/plan.ts';
import { codeOf, stageIn } from './testing/stage.ts';

const { skip } = await etcdOrSkip('3.6');
const base = mkdtempSync(join(tmpdir(), 'holdfast-way-back-'));
afterAll(() => rmSync(base, { recursive: true, force: true }));

const connect: LeadOptions['connect'] = (endpoints) => connectEtcd({ endpoints, clock: systemClock });

function described(cluster: EtcdCluster): MemberDescription[] {
  const run = { driver: 'systemd', unit: 'etcd.service' } as const;
  return cluster.members.map(({ name, peerUrl, clientUrl, dataDir }) => ({
    name,
    peerUrls: [peerUrl],
    clientUrls: [clientUrl],
    dataDir,
    run,
  }));
}

/** A stage whose members have the addresses of a real cluster: their machines are the world's, their etcds answer. */
function stageOn(cluster: EtcdCluster, shape: 'replace' | 'snapshot', more: Partial<LeadOptions> = {}) {
  const all = described(cluster);
  const plan = planOf({ way: shape, strategy: 'all', fresh: shape === 'replace' ? 1 : 3, former: 0 });
  const mine = shape === 'replace' ? all.slice(2) : all.slice(0, 3);
  const members = plan.members.map((member, i): PlannedMember => {
    return { ...member, ...mine[i]!, sight: { ...member.sight, memberId: null } };
  });
  const staying = shape === 'replace' ? { staying: all.slice(0, 2) } : {};
  const steps = planSteps({ ...plan, members });
  return stageIn(base, hashed({ ...plan, members, steps, ...staying }), { connect, ...more });
}

async function replacing(cluster: EtcdCluster, reallyRemoves: boolean) {
  await cluster.stop(2);
  const stage = stageOn(cluster, 'replace', {
    clusterStep: async (context, order) => {
      if (order.kind !== 'remove') return {};
      if (reallyRemoves) await performClusterStep({ ...context, clock: systemClock }, order);
      throw new Error('the process dies here');
    },
  });
  expect(await codeOf(stage.run())).toBe('restore-stuck');
  return stage;
}

test.skipIf(skip)('a removal that was begun and changed nothing leaves the way back open', async () => {
  await using cluster = await startCluster({ version: '3.6', members: 3 });
  const { context, again, world } = await replacing(cluster, false);
  expect(await abortRestore(context, again)).toMatchObject({ outcome: 'rolled-back' });
  expect(world.isAllOld).toBe(true);
});

test.skipIf(skip)('after a removal, or when nobody can tell of it, there is only forward', async () => {
  await using cluster = await startCluster({ version: '3.6', members: 3 });
  const { context, again, world } = await replacing(cluster, true);
  const refused = { code: 'restore-state', why: expect.stringMatching(/only forward$/) as string };
  await expect(abortRestore(context, again)).rejects.toMatchObject(refused);
  await cluster.stop(1);
  await expect(abortRestore(context, again)).rejects.toMatchObject({
    code: 'restore-state',
    why: expect.stringMatching(/only forward; .* cannot be told: /) as string,
  });
  expect(world.acts.some(({ way }) => way === 'undo')).toBe(false);
});

/** A restore that has finished; `clusterStep` notes at its end who the members of the real cluster are. */
async function finished(cluster: EtcdCluster, sight: (name: string) => Partial<MemberSight> = () => ({})) {
  const own = described(cluster).slice(0, 3);
  const ids = await Promise.all(
    own.map(async ({ clientUrls }) => {
      await using client = connect(clientUrls);
      return (await client.status(clientUrls[0]!)).memberId;
    }),
  );
  await using client = connect(own[0]!.clientUrls);
  const { clusterId } = await client.status(own[0]!.clientUrls[0]!);
  const stage = stageOn(cluster, 'snapshot', {
    clusterStep: async (_, { kind }) => {
      await Promise.resolve();
      const evidence = { clusterId, members: own.map(({ name }, i) => ({ name, memberId: ids[i] })) };
      const q1 = { id: 'Q1', what: 'members agree', outcome: 'passed', detail: '', evidence };
      return kind === 'agree' ? { checks: [q1] } : {};
    },
  });
  await stage.run();
  const { node } = stage.world;
  const observe: typeof node.observe = async (member, context) => ({
    ...(await node.observe(member, context)),
    ...sight(member.name),
  });
  const again = { ...stage.again, nodes: () => ({ ...node, observe }) };
  return { ...stage, rollback: async () => rollbackRestore(stage.context, again) };
}

test.skipIf(skip)('a finished restore whose cluster is as it was made is rolled back', async () => {
  await using cluster = await startCluster({ version: '3.6', members: 3 });
  const { rollback, world } = await finished(cluster);
  expect(await rollback()).toMatchObject({ outcome: 'rolled-back' });
  expect(world.isAllOld).toBe(true);
});

test.skipIf(skip)(
  'whoever joined the restored cluster since would serve on: it is not rolled back',
  async () => {
    await using cluster = await startCluster({ version: '3.6', members: 3, learner: true });
    const { rollback, world } = await finished(cluster);
    const joined = cluster.members[3]!;
    const refused = {
      code: 'restore-state',
      why: expect.stringMatching(
        new RegExp(`^${joined.name} \\(\\w+, ${joined.peerUrl}\\) has joined`),
      ) as string,
    };
    await expect(rollback()).rejects.toMatchObject(refused);
    // Without a quorum a member's own list tells it still.
    await Promise.all([cluster.kill(1), cluster.kill(2)]);
    await expect(rollback()).rejects.toMatchObject(refused);
    expect(world.isAllNew).toBe(true);
  },
);

test.skipIf(skip)('a restored cluster that does not answer is judged by its members’ machines', async () => {
  await using cluster = await startCluster({ version: '3.6', members: 3 });
  const third = cluster.members[2]!.name;
  const sights: Partial<MemberSight>[] = [];
  const { rollback, world } = await finished(cluster, (name) => (name === third ? (sights[0] ?? {}) : {}));
  await Promise.all([0, 1, 2].map(async (i) => cluster.kill(i)));
  sights[0] = { running: null };
  await expect(rollback()).rejects.toMatchObject({
    code: 'restore-state',
    why: expect.stringMatching(new RegExp(`does not answer, and whether ${third} runs`)) as string,
  });
  const joined = { id: 'beef', name: 'm9', peerUrls: ['http://127.0.0.1:9'], isLearner: false };
  sights[0] = { running: false, listed: [joined] };
  await expect(rollback()).rejects.toMatchObject({ why: expect.stringMatching(/^m9 \(beef, /) as string });
  sights[0] = { running: false };
  expect(await rollback()).toMatchObject({ outcome: 'rolled-back' });
  expect(world.isAllOld).toBe(true);
});
