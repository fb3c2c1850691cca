import { rm } from 'node:fs/promises';
import { Failure, formatHex64 } from '@holdfast/base';
import { newCluster } from '@holdfast/etcd/datadir';
import type { RestorePlan, StepKind } from '@holdfast/model';
import { afterEach, describe, expect, test } from 'vitest';
import { planRestore, triageCluster, type PlanRequest } from './index.ts';
import {
  absent,
  alive,
  context,
  etcdId,
  lost,
  off,
  stopped,
  three,
  World,
  type Scene,
} from './test-world.ts';

const worlds: World[] = [];
afterEach(async () => {
  for (const { folder } of worlds.splice(0)) await rm(folder, { recursive: true });
});

async function worldOf(scenes: Record<string, Scene>): Promise<World> {
  const world = await World.of(scenes);
  worlds.push(world);
  return world;
}

const kinds = (plan: RestorePlan): StepKind[] => [...new Set(plan.steps.map(({ kind }) => kind))];
const reach = (plan: RestorePlan): string | undefined => plan.checks.find(({ id }) => id === 'P13')?.outcome;

async function refusal(world: World, request: Partial<PlanRequest> = {}): Promise<Failure> {
  const error = await planRestore(context, world.request(request)).catch((error: unknown) => error);
  expect(error).toBeInstanceOf(Failure);
  return error as Failure;
}

describe('who takes part:', () => {
  test('three become one, and the others are former', async () => {
    const world = await worldOf(three(off(), lost, lost));
    const plan = await planRestore(context, world.request({ members: ['m2'] }));
    expect(plan.members.map(({ name, role }) => [name, role])).toEqual([
      ['m1', 'former'],
      ['m2', 'member'],
      ['m3', 'former'],
    ]);
    const alone = world.description.members.filter(({ name }) => name === 'm2');
    expect(plan.expected.clusterId).toBe(formatHex64(newCluster(alone, plan.token ?? '').id));
  });

  test('a seed starts alone, best where the data is', async () => {
    const world = await worldOf(three(lost, off(), lost));
    const plan = await planRestore(context, world.request({ strategy: 'seed' }));
    expect(plan).toMatchObject({ strategy: 'seed', seed: 'm2' });
    const alone = world.description.members.filter(({ name }) => name === 'm2');
    expect(plan.expected.clusterId).toBe(formatHex64(newCluster(alone, plan.token ?? '').id));
    const named = await planRestore(context, world.request({ seed: 'm3' }));
    expect(named).toMatchObject({ strategy: 'seed', seed: 'm3' });
  });

  test('who cannot be reached needs the word of a person, and is former then', async () => {
    const world = await worldOf(
      three(off(), lost, { sight: new Failure('node-failed', 'no route to host') }),
    );
    const bare = await planRestore(context, world.request());
    expect(reach(bare)).toBe('failed');
    expect(bare.members[2]?.sight).toMatchObject({ running: null, dataFault: 'no route to host' });
    const attest = [{ member: 'm3', reason: 'it burnt' }];
    const plan = await planRestore(context, world.request({ attest }));
    expect(reach(plan)).toBe('warned');
    expect(plan.members[2]).toMatchObject({
      role: 'former',
      attested: { by: 'root@bastion', reason: 'it burnt' },
    });
    expect(plan.steps.filter(({ member }) => member === 'm3')).toEqual([]);
    expect(await refusal(world, { attest, members: ['m1', 'm3'] })).toMatchObject({ code: 'usage' });
  });

  test('the lost are replaced, the others stay and are asked', async () => {
    const world = await worldOf(three(alive, lost, alive));
    const plan = await planRestore(context, world.request({ way: 'replace' }));
    expect(plan).toMatchObject({
      way: 'replace',
      token: null,
      bump: null,
      cluster: { oldId: etcdId },
      expected: { clusterId: etcdId, revision: null },
      source: { kind: 'quorum', size: 30_000, revision: 90 },
      loss: { revisions: 0, objects: { created: 0 } },
      members: [{ name: 'm2', role: 'member' }],
      staying: [{ name: 'm1' }, { name: 'm3' }],
    });
    expect(kinds(plan)).toContain('remove');
    expect(await refusal(world, { way: 'replace', replace: ['m1'] })).toMatchObject({
      code: 'usage',
      why: 'm2 would stay and is not in the quorum: start it, or name it with --replace too',
    });
    expect(await refusal(world, { way: 'replace', replace: ['m1', 'm2'] })).toMatchObject({
      code: 'usage',
      why: 'without m1, m2 only 1 of 3 members would be left, and a quorum is 2',
    });
    expect(await refusal(world, { way: 'replace', members: ['m1', 'm2'] })).toMatchObject({ code: 'usage' });
    expect(await refusal(world, { way: 'replace', strategy: 'seed' })).toMatchObject({ code: 'usage' });
  });

  test('who is named is replaced though it answers, as long as the others are a quorum', async () => {
    const world = await worldOf(three(alive, alive, alive));
    const plan = await planRestore(context, world.request({ way: 'replace', replace: ['m2'] }));
    expect(plan).toMatchObject({
      why: 'm1, m2 and m3 are in a quorum, so nothing of etcd is lost; m2 is replaced on request',
      members: [{ name: 'm2', role: 'member' }],
      staying: [{ name: 'm1' }, { name: 'm3' }],
    });
    expect(await refusal(world, { way: 'replace', replace: ['m2', 'm3'] })).toMatchObject({
      code: 'usage',
      why: 'without m2, m3 only 1 of 3 members would be left, and a quorum is 2',
    });
    expect(await refusal(world, { way: 'replace', replace: ['m9'] })).toMatchObject({ code: 'usage' });
  });

  test('the lost are not replaced beside one that stays and has left the quorum', async () => {
    const world = await worldOf({ ...three(alive, alive, alive), m4: lost, m5: off() });
    expect(await refusal(world, { way: 'replace' })).toMatchObject({
      code: 'usage',
      why: 'm5 would stay and is not in the quorum: start it, or name all who are to be replaced: --replace m4 --replace m5',
    });
    const plan = await planRestore(context, world.request({ way: 'replace', replace: ['m4', 'm5'] }));
    expect(plan.members.map(({ name }) => name)).toEqual(['m4', 'm5']);
  });

  test('nobody is replaced in a cluster that has more members than are described', async () => {
    const listed = ['1', '2', '3', '4', '5'].map((id) => ({
      id: `a${id}`,
      name: `m${id}`,
      peerUrls: [`http://127.0.0.1:10${id}`],
      clientUrls: [],
      isLearner: false,
    }));
    const one: Scene = { ...alive, listed };
    const world = await worldOf(three(one, one, one));
    expect(await refusal(world, { way: 'replace', replace: ['m2'] })).toMatchObject({
      code: 'usage',
      why: 'the cluster has m4, m5 too, which the description must name as well',
    });
  });

  test('a description that grows does not make a cluster look lost', async () => {
    const listed = [{ id: 'a1', name: 'm1', peerUrls: ['http://127.0.0.1:1'], isLearner: false }];
    const own = off({ memberId: 'a1', listed, version: '3.6.16' });
    const world = await worldOf(three(own, lost, lost));
    expect(await refusal(world)).toMatchObject({
      code: 'restore-unneeded',
      details: { verdict: 'stopped', better: 'start' },
    });
    const plan = await planRestore(context, world.request({ way: 'salvage' }));
    expect(plan.loss).toMatchObject({ revisions: 0, why: expect.stringContaining('majority') as string });
    expect(plan.members[0]?.sight).toMatchObject({ version: '3.6.16', listed });
  });

  test('an etcd that calls for votes in vain is not further for it', async () => {
    const calling: Scene = {
      sight: { ...stopped, running: true, term: 2, lastIndex: 90 },
      answers: { linearizable: false, raftTerm: 99 },
    };
    const further = off({ term: 3, lastIndex: 80, committedIndex: 60 });
    const world = await worldOf({ m1: calling, m2: further, m3: lost, m4: lost, m5: lost });
    const plan = await planRestore(context, world.request());
    expect(plan.source).toMatchObject({ kind: 'salvage', member: 'm2' });
    expect(plan.members[0]?.sight).toMatchObject({ term: 2, lastIndex: 101, version: '3.6.16' });
  });

  test('one that answers for all is counted once', async () => {
    const balanced: Scene = { sight: absent, answers: { id: 'a2', name: 'm2' } };
    const world = await worldOf(
      three(balanced, { ...alive, answers: { id: 'a2', linearizable: false } }, balanced),
    );
    const verdict = await triageCluster(context, world.request());
    expect(verdict).toMatchObject({ verdict: 'majority-lost' });
  });
});
