import { expect, test } from 'vitest';
import { isOver } from './is-over.ts';
import { askRestore, finishing, leading, restoreWorld } from './testing/restore-world.ts';
import { cluster, person, policyOf, saved, World } from './testing/world.ts';

const isDone = ({ state }: { state: string }): boolean => isOver(state as 'failed');

/** A save of a policy whose first node falls silent, to the end of the prune that follows; told without times. */
async function story(dieAt?: number): Promise<{ calls: number; end: unknown }> {
  await using world = await World.make();
  world.paceMs = 500;
  const policy = policyOf();
  await world.store.policies.put(
    cluster,
    null,
    policy,
    { last: {}, next: {} },
    world.clock.now().toISOString(),
  );
  world.script = ({ order }) => (order.node === 'n-bbbbb' ? undefined : saved);
  const asked = { cluster, policy, repositories: null, name: null, scheduledFor: null };
  const { id } = await world.replica().operations.save(person, asked);
  const first = world.start(dieAt);
  await world.go(2_000);
  const seenAt = world.clock.now().toISOString();
  world.node('n-bbbbb', { connected: false, seenAt });
  await world.until(id, (operation) => isDone(operation) || first.life.dead);
  if (first.life.dead) world.start();
  const save = await world.until(id, isDone);
  await world.go(5_000);
  if (first.life.dead) world.start();
  await world.go(25_000);
  const { items } = await world.store.operations.list({ clusters: null, limit: 10 });
  const prunes = items.filter(({ kind }) => kind === 'prune').map(({ state, node }) => ({ state, node }));
  const events = await world.store.operations.events(id, 0, 100);
  return {
    calls: first.life.calls,
    end: {
      save: [save.state, save.phase, save.node, save.why, save.result],
      prunes,
      done: world.done,
      refreshed: [...new Set(world.refreshed)],
      // Which node it was that fell silent is noted only where that was told to do something before.
      events: events.filter(({ type }) => type !== 'note').map(({ data }) => data['state'] ?? data['phase']),
    },
  };
}

test('a runner that dies before any of the calls that store something is followed by another that ends the save the same', async () => {
  const { calls, end } = await story();
  expect(end).toMatchObject({
    prunes: [{ state: 'succeeded', node: 'n-ccccc' }],
    done: ['save n-ccccc', 'prune n-ccccc'],
  });
  expect(calls).toBeGreaterThan(20);
  for (let at = 0; at < calls; at += 1) expect((await story(at)).end, `died at call ${at}`).toEqual(end);
}, 240_000);

/** A restore, from its begin to its end. */
async function restore(dieAt?: number): Promise<{ calls: number; end: unknown }> {
  await using world = await restoreWorld(leading(() => finishing));
  world.paceMs = 500;
  const planner = world.start();
  await world.go(0);
  const { id } = await askRestore(world, planner);
  await planner.stop();
  const mortal = world.start(dieAt);
  await world.until(id, (operation) => isDone(operation) || mortal.life.dead);
  if (mortal.life.dead) world.start();
  const { state, phase, steps, node, why } = await world.until(id, isDone);
  const events = await world.store.operations.events(id, 0, 100);
  const orders = (await world.orders(id)).map(({ order }) => order.kind);
  const { heldBy } = (await world.store.clusters.get(cluster))!;
  const told = events.map(({ type, data }) => [type, data['phase'], data['state'], data['record']] as const);
  // When something was written down is another time after a death.
  const records = told.filter(([type]) => type === 'record').length;
  const states = told.flatMap(([, , each]) => each ?? []);
  const kinds = steps.map((each) => each.state);
  return {
    calls: mortal.life.calls,
    end: { state, phase, node, why, orders, heldBy, kinds, records, states },
  };
}

test('the same is so of a restore, whose leader goes on meanwhile', async () => {
  const { calls, end } = await restore();
  expect(end).toMatchObject({
    state: 'succeeded',
    orders: ['lead'],
    heldBy: null,
    records: finishing.length,
  });
  expect(calls).toBeGreaterThan(20);
  for (let at = 0; at < calls; at += 1) expect((await restore(at)).end, `died at call ${at}`).toEqual(end);
}, 240_000);
