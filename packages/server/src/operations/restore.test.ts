import type { Operation } from '@holdfast/model/fleet';
import { expect, test } from 'vitest';
import { isOver } from './is-over.ts';
import { askRestore, finishing, leading, plan, restoreWorld, sticking } from './testing/restore-world.ts';
import { cluster, person } from './testing/world.ts';

const isDone = ({ state }: Operation): boolean => isOver(state) || state === 'stuck';
const ask = { cluster, policy: null, repositories: null, name: null, scheduledFor: null };
const bob = { by: 'bob', trigger: 'manual' } as const;

test('a restore is led by the first node by name, holds its cluster, and tells its journal and phases', async () => {
  await using world = await restoreWorld(leading(() => finishing));
  const replica = world.start();
  const { id } = await askRestore(world, replica);
  await world.go(100);
  const second = replica.operations.plan(person, {
    cluster,
    request: { scope: 'none', attest: [], skips: [], clone: false, restartNodes: true },
  });
  const plan = await world.until((await second).id, isDone);
  const wanted = { cluster, plan: plan.id, hash: 'a'.repeat(64), confirm: 'prod' };
  await expect(replica.operations.restore(person, wanted)).rejects.toMatchObject({
    code: 'cluster-busy',
    details: { holder: id },
  });
  const save = await replica.operations.save(person, ask);
  await world.go(100);
  expect((await world.get(save.id)).why).toBe(`the cluster is held by ${id}`);
  const operation = await world.until(id, isDone);
  expect(operation).toMatchObject({ state: 'succeeded', phase: 'Finished', node: 'n-aaaaa', failure: null });
  expect(operation.steps.every(({ state }) => state === 'done')).toBe(true);
  const events = await world.store.operations.events(id, 0, 100);
  expect(events.filter(({ type }) => type === 'record')).toHaveLength(finishing.length);
  expect(events.filter(({ type }) => type === 'phase').map(({ data }) => data['phase'])).toEqual([
    ...['Started', 'Shutdown', 'Restore', 'RestartCluster', 'Finished'],
  ]);
  expect((await world.store.clusters.get(cluster))!.heldBy).toBe(null);
  expect(await world.until(save.id, isDone)).toMatchObject({ state: 'succeeded' });
});

test('a plan is refused with another hash or name, when it is old, or was used', async () => {
  await using world = await restoreWorld(leading(() => finishing));
  const { operations } = world.start();
  const restore = await askRestore(world, { operations });
  await world.until(restore.id, isDone);
  const plan = String(restore.input['from']);
  const wanted = { cluster, plan, hash: 'a'.repeat(64), confirm: 'prod' };
  await expect(operations.restore(person, { ...wanted, confirm: 'x' })).rejects.toMatchObject({
    code: 'confirm-wrong',
  });
  await expect(operations.restore(person, { ...wanted, hash: 'b' })).rejects.toMatchObject({
    code: 'plan-unusable',
  });
  await expect(operations.restore(person, wanted)).rejects.toMatchObject({ code: 'plan-unusable' });
  world.paceMs = 60_000;
  await world.go(3_600_000);
  await expect(operations.restore(person, wanted)).rejects.toMatchObject({
    why: 'it is more than an hour old',
  });
});

test('a restore waits for as many other people as its cluster says, and for a day at most', async () => {
  await using world = await restoreWorld(leading(() => finishing));
  const { spec } = (await world.store.clusters.get(cluster))!;
  await world.store.clusters.put(cluster, null, { ...spec, approvals: 1 }, world.clock.now().toISOString());
  const replica = world.start();
  const { operations } = replica;
  const { id } = await askRestore(world, replica);
  await world.go(100);
  expect(await world.get(id)).toMatchObject({
    state: 'waiting',
    why: expect.stringContaining('1 more person') as string,
  });
  await expect(operations.approve(person, id)).rejects.toMatchObject({ code: 'approval-refused' });
  await operations.approve(bob, id);
  expect(await world.until(id, isDone)).toMatchObject({ state: 'succeeded' });
  world.paceMs = 600_000;
  const late = await askRestore(world, replica);
  await world.go(24 * 3_600_000);
  expect(await world.get(late.id)).toMatchObject({ state: 'cancelled' });
});

test('a leader that is gone is waited for until a person has another node go on with its journal', async () => {
  await using world = await restoreWorld(leading(() => finishing));
  const { operations } = world.start();
  const { id } = await askRestore(world, { operations });
  await world.go(0);
  world.script = ({ order }, of) =>
    order.node === 'n-aaaaa'
      ? undefined
      : leading(() => finishing)({ order, cancelled: false, outcome: null, settledAt: null }, of);
  await world.until(id, ({ steps }) => steps.some(({ state }) => state !== 'pending'));
  await expect(operations.again(bob, id, { verb: 'resume', attest: [] })).rejects.toMatchObject({
    code: 'operation-state',
  });
  world.node('n-aaaaa', { connected: false, seenAt: world.clock.now().toISOString() });
  await world.go(300_000);
  expect(await world.get(id)).toMatchObject({
    state: 'running',
    why: expect.stringContaining('not connected') as string,
  });
  await operations.again(bob, id, { verb: 'resume', attest: [] });
  expect(await world.until(id, isDone)).toMatchObject({ state: 'succeeded', node: 'n-bbbbb' });
  const led = (await world.orders(id)).at(-1)!;
  expect(led.order.input).toMatchObject({ verb: 'resume', by: 'bob' });
  expect((led.order.input['records'] as unknown[]).length).toBeGreaterThan(0);
});

const because = (why: RegExp) => ({ code: 'operation-state', why: expect.stringMatching(why) as string });

test('a machine that is gone for good is left out of the way back, on a word that whoever leads it then is told', async () => {
  await using world = await restoreWorld(leading(() => finishing));
  const { operations } = world.start();
  const { id } = await askRestore(world, { operations });
  await world.until(id, ({ steps }) => steps.some(({ state }) => state === 'done'));
  world.script = async () => undefined;
  const attest = [{ member: 'one', reason: 'it burnt down' }];
  const refused = (verb: 'resume' | 'abort', member: string) =>
    operations.again(bob, id, { verb, attest: [{ member, reason: 'it burnt down' }] });
  await expect(refused('abort', 'one')).rejects.toMatchObject(because(/one can be reached/));
  world.node('n-aaaaa', { connected: false, seenAt: world.clock.now().toISOString() });
  await expect(refused('resume', 'one')).rejects.toMatchObject(because(/abort it/));
  await expect(refused('abort', 'nine')).rejects.toMatchObject(because(/no node carries nine/));

  const orders = await world.orders(id);
  const told = await world.store.orders.events(orders.at(-1)!.order.id, 0);
  const undone = [
    ...finishing.slice(0, told.length),
    { event: 'back', evidence: { why: 'bob' } } as const,
    { event: 'rolled-back' } as const,
  ];
  world.script = async (stored, of) =>
    stored.order.node === 'n-aaaaa' ? undefined : leading(() => undone)(stored, of);
  const vouchedAt = world.clock.now();
  await operations.again(bob, id, { verb: 'abort', attest });
  expect(await world.until(id, isDone)).toMatchObject({ state: 'rolled-back', node: 'n-bbbbb' });
  const led = (await world.orders(id)).at(-1)!;
  expect(led.order.input).toMatchObject({ verb: 'abort', by: 'bob', attest });
  // Nobody waits for a word of a machine that is off.
  expect(Date.parse(led.order.createdAt) - vouchedAt.getTime()).toBeLessThan(30_000);
});

test('nobody is vouched for while a server that has just begun could not have heard of them', async () => {
  await using world = await restoreWorld(leading(() => finishing));
  const first = world.start();
  const { id } = await askRestore(world, first);
  await world.until(id, ({ steps }) => steps.some(({ state }) => state === 'done'));
  world.script = async () => undefined;
  world.node('n-aaaaa', { connected: false, seenAt: world.clock.now().toISOString() });
  await first.stop();
  await world.go(5_000);
  const { operations } = world.start();
  const attest = [{ member: 'one', reason: 'it burnt down' }];
  const abort = () => operations.again(bob, id, { verb: 'abort', attest });
  await expect(abort()).rejects.toMatchObject(because(/began to listen/));
  await world.go(60_000);
  expect(await abort()).toMatchObject({ state: 'running' });
});

test('a restore that comes to a stand keeps the cluster, and is undone when a person wants it', async () => {
  const undone = [
    ...sticking,
    { event: 'back', evidence: { why: 'bob' } } as const,
    ...[3, 2, 1].flatMap((step) => [{ event: 'undo', step } as const, { event: 'undone', step } as const]),
    { event: 'rolled-back' } as const,
  ];
  const from = new Map<string, number>();
  await using world = await restoreWorld(leading((verb) => (verb === 'run' ? sticking : undone), from));
  const { operations } = world.start();
  const { id } = await askRestore(world, { operations });
  expect(await world.until(id, isDone)).toMatchObject({ state: 'stuck', why: 'the disk is full' });
  expect((await world.store.clusters.get(cluster))!.heldBy).toBe(id);
  await expect(operations.again(bob, id, { verb: 'release', attest: [] })).rejects.toMatchObject({
    code: 'operation-state',
  });
  from.set('told', sticking.length);
  await operations.again(bob, id, { verb: 'abort', attest: [] });
  expect(await world.until(id, ({ state }) => isOver(state))).toMatchObject({
    state: 'rolled-back',
    phase: 'Failed',
  });
  expect((await world.store.clusters.get(cluster))!.heldBy).toBe(null);
});

test('a plan that would act upon anything else than what it was asked for is not begun', async () => {
  const odd = { ...plan, members: plan.members.map((each) => ({ ...each, dataDir: '/root' })) };
  await using world = await restoreWorld(async () => ({ outcome: 'done', result: { ...odd } }));
  const refused = askRestore(world, world.start());
  await expect(refused).rejects.toMatchObject({
    code: 'plan-unusable',
    why: expect.stringMatching(/one is not as/) as string,
  });
});
