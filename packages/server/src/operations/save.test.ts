import { Failure } from '@holdfast/base';
import { expect, test } from 'vitest';
import { isOver } from './is-over.ts';
import { tellFailure } from './tell-failure.ts';
import { cluster, person, policyOf, saved, World } from './testing/world.ts';

const minute = 60_000;
const ask = { cluster, policy: null, repositories: null, name: null, scheduledFor: null };
const isDone = ({ state }: { state: string }): boolean => isOver(state as 'failed');
const refused = {
  outcome: 'failed',
  failure: tellFailure(new Failure('etcd-unreachable', 'refused', { endpoint: 'here' })),
} as const;

test('a save goes to a follower through the phases that Rancher names, and the catalogue looks at what it stored', async () => {
  await using world = await World.make();
  const { operations } = world.start();
  const { id } = await operations.save(person, ask);
  const operation = await world.until(id, isDone);
  expect(operation).toMatchObject({
    state: 'succeeded',
    phase: 'Finished',
    node: 'n-bbbbb',
    why: '',
    result: { snapshot: 'snap-1' },
  });
  expect(world.refreshed).toEqual(['main:snap-1']);
  const events = await world.store.operations.events(id, 0, 100);
  expect(events.map(({ data }) => data['state'] ?? data['phase'])).toEqual([
    ...['waiting', 'running', 'Started', 'RestartCluster', 'succeeded', 'Finished'],
  ]);
});

test('a node that is silent for a minute loses the save to another one, and its order is given up', async () => {
  await using world = await World.make();
  world.script = ({ order }) => (order.node === 'n-bbbbb' ? undefined : saved);
  const { operations } = world.start();
  const { id } = await operations.save(person, ask);
  await world.go(1_000);
  world.node('n-bbbbb', { connected: false, seenAt: world.clock.now().toISOString() });
  await world.go(59_000);
  expect((await world.orders(id)).map(({ order }) => order.node)).toEqual(['n-bbbbb']);
  expect((await world.get(id)).why).toContain('not connected');
  const operation = await world.until(id, isDone);
  expect(operation).toMatchObject({ state: 'succeeded', node: 'n-ccccc' });
  const [first] = await world.orders(id);
  expect(first).toMatchObject({ cancelled: true, outcome: { failure: { code: 'node-silent' } } });
});

test('what a person asked for fails at once; what is scheduled is tried again until its next run is due', async () => {
  await using world = await World.make();
  world.paceMs = 10_000;
  world.script = () => refused;
  const { operations } = world.start();
  const manual = await operations.save(person, ask);
  expect(await world.until(manual.id, isDone)).toMatchObject({
    state: 'failed',
    failure: { code: 'etcd-unreachable' },
  });
  const scheduled = await operations.save(
    { by: 'server', trigger: 'schedule' },
    { ...ask, policy: policyOf(), scheduledFor: '2026-11-20T09:00:00.000Z' },
  );
  await world.until(scheduled.id, isDone);
  expect(await world.orders(scheduled.id)).toHaveLength(1);
  const next = await operations.save(
    { by: 'server', trigger: 'schedule' },
    { ...ask, policy: policyOf(), scheduledFor: '2026-11-20T10:00:00.000Z' },
  );
  const operation = await world.until(next.id, isDone);
  const minutes = (await world.orders(next.id)).map(({ order }) => order.createdAt.slice(11, 16));
  expect(minutes.slice(0, 5)).toEqual(['10:00', '10:01', '10:03', '10:07', '10:15']);
  expect(minutes).toHaveLength(7);
  expect(operation).toMatchObject({ state: 'failed' });
  expect(operation.why).toContain('attempt 7');
});

test('a cluster saves one snapshot at a time, in the order in which they were asked for', async () => {
  await using world = await World.make();
  let isFree = false;
  world.script = () => (isFree ? saved : undefined);
  const { operations } = world.start();
  world.start();
  const ids: string[] = [];
  for (let at = 0; at < 3; at += 1) {
    ids.push((await operations.save(person, ask)).id);
    await world.go(10);
  }
  await world.go(5 * minute);
  const open = await world.store.operations.open(cluster);
  expect(open.map(({ state }) => state)).toEqual(['running', 'waiting', 'waiting']);
  expect(open[1]!.why).toContain(ids[0]);
  isFree = true;
  for (const id of ids) expect(await world.until(id, isDone)).toMatchObject({ state: 'succeeded' });
  const starts = await Promise.all(ids.map(async (id) => (await world.get(id)).startedAt!));
  expect(starts).toEqual(starts.toSorted());
});

test('a save of a policy is followed by one prune, not while the policy is paused', async () => {
  await using world = await World.make();
  const at = world.clock.now().toISOString();
  await world.store.policies.put(cluster, null, policyOf(), { last: {}, next: {} }, at);
  const { operations } = world.start();
  await operations.save(person, { ...ask, policy: policyOf() });
  await world.go(minute);
  expect(world.done).toEqual(['save n-bbbbb', 'prune n-bbbbb']);
  expect((await world.store.policies.get(cluster, 'hourly'))!.lastOutcome).toBe('ok');
  const pause = { since: at, until: null, reason: 'maintenance' };
  await world.store.policies.put(cluster, null, policyOf({ pause }), { last: {}, next: {} }, at);
  await operations.save(person, { ...ask, policy: policyOf() });
  await world.go(minute);
  expect(world.done).toHaveLength(3);
});

test('without a connected node a person is told after a minute', async () => {
  await using world = await World.make();
  for (const { node } of world.nodes) world.node(node, { connected: false });
  const { operations } = world.start();
  const { id } = await operations.save(person, ask);
  await world.go(30_000);
  expect(await world.get(id)).toMatchObject({ state: 'waiting', why: 'no node of the cluster is connected' });
  expect(await world.until(id, isDone)).toMatchObject({ state: 'failed', failure: { code: 'no-node' } });
});

test('a save that is given up ends as cancelled once its node says so, or has had a minute for it', async () => {
  await using world = await World.make();
  world.script = () => undefined;
  const { operations } = world.start();
  const { id } = await operations.save(person, ask);
  await world.go(1_000);
  await operations.cancel({ by: 'bob', trigger: 'manual' }, id, 'not now');
  expect(await world.until(id, isDone)).toMatchObject({
    state: 'cancelled',
    why: 'given up by bob: not now',
  });
  await expect(operations.cancel(person, id, '')).rejects.toMatchObject({ code: 'operation-state' });
});

test('a member that was in quorum before the save and is not after it makes it partial', async () => {
  await using world = await World.make();
  world.script = () => {
    world.node('n-ccccc', { inQuorum: false });
    return saved;
  };
  const { operations } = world.start();
  const { id } = await operations.save(person, ask);
  const operation = await world.until(id, isDone);
  expect(operation).toMatchObject({ state: 'partial', result: { snapshot: 'snap-1' } });
  expect(operation.why).toContain('host-ccccc');
});
