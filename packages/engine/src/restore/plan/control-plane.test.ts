import { rm } from 'node:fs/promises';
import { Failure } from '@holdfast/base';
import type { RestoreCheck, RestorePlan } from '@holdfast/model';
import { afterEach, expect, test } from 'vitest';
import { planHash, planRestore, readPlan } from './index.ts';
import { alive, context, lost, off, three, World } from './test-world.ts';

const worlds: World[] = [];
afterEach(async () => {
  for (const { folder } of worlds.splice(0)) await rm(folder, { recursive: true });
});

async function worldOf(...of: Parameters<typeof World.of>): Promise<World> {
  const world = await World.of(...of);
  worlds.push(world);
  return world;
}

const reach = (plan: RestorePlan): RestoreCheck | undefined => plan.checks.find(({ id }) => id === 'P13');
const ofParts = (plan: RestorePlan): string[] =>
  plan.steps.flatMap(({ kind, member }) =>
    kind === 'halt' || kind === 'serve' ? [`${kind} ${member}`] : [],
  );
const unreached = new Failure('node-failed', 'no route to host');

test('the control plane is stopped and started, as it was seen', async () => {
  const world = await worldOf(three(off(), lost, lost), { sched: false, api: true });
  const plan = await planRestore(context, world.request());
  expect(plan.controlPlane).toMatchObject([
    { name: 'sched', component: 'kube-scheduler', running: false, detail: 'its unit says so' },
    { name: 'api', component: 'kube-apiserver', running: true },
  ]);
  expect(ofParts(plan)).toEqual(['halt sched', 'halt api', 'serve api', 'serve sched']);
  expect(reach(plan)?.outcome).toBe('passed');
  const estimates = plan.steps.filter(({ member }) => member === 'api').map(({ estimateMs }) => estimateMs);
  expect(estimates.every((each) => each > 0)).toBe(true);
});

test('where members are replaced the control plane serves on', async () => {
  const world = await worldOf(three(alive, alive, lost), { api: unreached });
  const attest = [{ member: 'api', reason: 'it burnt' }];
  const plan = await planRestore(context, world.request({ way: 'replace', attest }));
  expect(plan.controlPlane).toEqual([]);
  expect(ofParts(plan)).toEqual([]);
  expect(reach(plan)?.outcome).toBe('passed');
});

test('a part of it that cannot be reached needs the word of a person', async () => {
  const world = await worldOf(three(off(), lost, lost), { api1: true, api2: unreached, api3: null });
  const bare = await planRestore(context, world.request());
  expect(reach(bare)).toMatchObject({
    outcome: 'failed',
    detail:
      'nobody can tell whether kube-apiserver api2 is off: no route to host; ' +
      'nobody can tell whether kube-apiserver api3 is off: its unit says so',
  });
  const attest = ['api2', 'api3'].map((member) => ({ member, reason: 'it burnt' }));
  const plan = await planRestore(context, world.request({ attest }));
  expect(reach(plan)?.outcome).toBe('warned');
  expect(plan.controlPlane[1]).toMatchObject({ attested: { by: 'root@bastion', reason: 'it burnt' } });
  expect(ofParts(plan)).toEqual(['halt api1', 'serve api1']);
  for (const member of ['api1', 'nobody'])
    await expect(
      planRestore(context, world.request({ attest: [{ member, reason: 'it burnt' }] })),
    ).rejects.toMatchObject({ code: 'usage', why: expect.stringContaining(member) as string });
});

test('of one that listens on loopback alone nobody sees on which machine it is: a person may vouch', async () => {
  const world = await worldOf(three(off(), lost, lost), {
    api1: true,
    'api2-local': true,
    'api3-local': false,
  });
  const attest = ['api2-local', 'api3-local'].map((member) => ({ member, reason: 'it burnt' }));
  const plan = await planRestore(context, world.request({ attest }));
  expect(plan.controlPlane.slice(1)).toMatchObject(
    attest.map(({ member: name }) => ({
      name,
      running: null,
      detail: 'it listens on loopback only, which every machine has',
      attested: { by: 'root@bastion', reason: 'it burnt' },
    })),
  );
  expect(reach(plan)?.outcome).toBe('warned');
  expect(ofParts(plan)).toEqual(['halt api1', 'serve api1']);
  const bare = await planRestore(context, world.request());
  expect(bare.controlPlane.slice(1)).toMatchObject([{ running: true }, { running: false }]);
});

test('data of Kubernetes below an API server that nobody describes is warned of', async () => {
  const world = await worldOf(three(off(), lost, lost));
  await world.placeDb('m1');
  const plan = await planRestore(context, world.request());
  expect(reach(plan)).toMatchObject({
    outcome: 'warned',
    detail: expect.stringContaining('stopped by hand') as string,
  });
});

test('a plan of before there was a control plane is read as it was', async () => {
  const world = await worldOf(three(off(), lost, lost));
  const { controlPlane, hash: _, ...old } = await planRestore(context, world.request());
  expect(controlPlane).toEqual([]);
  const text = JSON.stringify({ ...old, hash: planHash(old as RestorePlan) });
  expect(readPlan(text)).toMatchObject({ id: old.id, controlPlane: [] });
  expect(() => readPlan(text.replace(old.id, 'r-20200101t000000z-000000'))).toThrow(Failure);
});
