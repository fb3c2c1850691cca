import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { cluster, policyOf, World, type Replica } from '../operations/testing/world.ts';
import { nextTimes } from './next-times.ts';
import { recordOwnRun } from './own-runs.ts';
import { makeScheduler, type Scheduler } from './scheduler.ts';

const minute = 60_000;

/** A world with policies whose saves are due every ten minutes, and nobody who carries them out. */
async function worldOf(names: readonly string[]): Promise<World> {
  const world = await World.make('2026-11-20T09:59:30.000Z');
  const at = world.clock.now();
  for (const name of names) {
    const policy = policyOf({ name, schedule: { cron: '*/10 * * * *', timeZone: 'UTC' } });
    const known = { cluster, policy, createdAt: at.toISOString(), last: {} };
    await world.store.policies.put(
      cluster,
      null,
      policy,
      { last: {}, next: nextTimes(known, at) },
      at.toISOString(),
    );
  }
  return world;
}

/** What was made, by policy and due time. */
async function made(world: World): Promise<string[]> {
  const { items } = await world.store.operations.list({ clusters: null, limit: 1_000 });
  return items.map(({ policy, scheduledFor }) => `${policy} ${scheduledFor!.slice(11, 16)}`).toSorted();
}

/** Steps through numbers that look random and are always the same for a seed. */
function drawer(seed: number): () => number {
  let value = seed;
  return () => {
    value = (Math.imul(value, 1_103_515_245) + 12_345) >>> 0;
    return (value >>> 8) / 2 ** 24;
  };
}

test('a run that is due is made once, and the policy is asked for again when the next one is', async () => {
  await using world = await worldOf(['a']);
  const { context } = world.replica();
  const scheduler = makeScheduler(context, () => {});
  await scheduler.tick();
  expect(await made(world)).toEqual([]);
  await world.go(31_000);
  await scheduler.tick();
  await scheduler.tick();
  expect(await made(world)).toEqual(['a 10:00']);
  expect((await world.store.policies.get(cluster, 'a'))!.times).toEqual({
    last: { save: '2026-11-20T10:00:00.000Z' },
    next: { save: '2026-11-20T10:10:00.000Z' },
  });
});

test('what was missed is made up for once', async () => {
  await using world = await worldOf(['a']);
  const scheduler = makeScheduler(world.replica().context, () => {});
  await world.go(65 * minute);
  await scheduler.tick();
  expect(await made(world)).toEqual(['a 11:00']);
});

test('two schedulers that are killed anywhere make each run exactly once', async () => {
  const names = ['a', 'b', 'c'];
  for (let seed = 1; seed <= 12; seed += 1) {
    await using world = await worldOf(names);
    const draw = drawer(seed);
    const born = (): { replica: Replica; scheduler: Scheduler } => {
      const replica = world.replica(draw() < 0.8 ? Math.floor(draw() * 20) : undefined);
      return { replica, scheduler: makeScheduler(replica.context, () => {}) };
    };
    const living = [born(), born()];
    const expected: string[] = [];
    for (let turn = 0; turn < 12; turn += 1) {
      await world.go(turn === 0 ? 31_000 : 10 * minute);
      const time = world.clock.now().toISOString().slice(11, 16);
      expected.push(...names.map((name) => `${name} ${time}`));
      // Both look until one look of each has found nothing left, whoever dies meanwhile.
      for (let look = 0; look < 8; look += 1) {
        const ticks = living.map(async ({ scheduler }) => {
          for (let at = Math.floor(draw() * 4); at > 0; at -= 1) await setImmediate();
          await scheduler.tick().catch(() => {});
        });
        await Promise.all(ticks);
        for (const [at, { replica }] of living.entries()) if (replica.life.dead) living[at] = born();
      }
      const healthy = world.replica();
      await makeScheduler(healthy.context, () => {}).tick();
    }
    expect(await made(world), `seed ${seed}`).toEqual(expected.toSorted());
  }
}, 120_000);

test('a run that an agent has made by itself is not made again, and is stored once', async () => {
  await using world = await worldOf(['a']);
  const { context } = world.replica();
  await world.go(3 * minute);
  const at = '2026-11-20T10:00:00.000Z';
  const result = {
    outcome: 'ok',
    failure: null,
    snapshot: 's',
    storedIn: ['main'],
    note: '',
    warnings: [],
  } as const;
  const run = {
    id: 'own-1',
    policy: 'a',
    job: 'save',
    scheduledFor: at,
    startedAt: at,
    endedAt: at,
  } as const;
  for (let told = 0; told < 2; told += 1)
    await recordOwnRun(
      context,
      { id: 'n-aaaaa', cluster },
      { ...run, result: { ...result, storedIn: ['main'], warnings: [] } },
    );
  await makeScheduler(context, () => {}).tick();
  expect(await made(world)).toEqual(['a 10:00']);
  const { items } = await world.store.operations.list({ clusters: null, limit: 10 });
  expect(items[0]).toMatchObject({ state: 'succeeded', node: 'n-aaaaa', requestedBy: 'node n-aaaaa' });
});

test('an agent cannot tell a policy away with a due time that is still to come', async () => {
  await using world = await worldOf(['a']);
  const { context } = world.replica();
  const at = world.clock.now().toISOString();
  const result = { outcome: 'ok', failure: null, note: '', warnings: [] } as const;
  const run = { id: 'own-1', policy: 'a', job: 'save', startedAt: at, endedAt: at } as const;
  const before = (await world.store.policies.get(cluster, 'a'))!.times;
  const forged = { ...run, scheduledFor: '2226-11-20T10:00:00.000Z', result: { ...result, warnings: [] } };
  await recordOwnRun(context, { id: 'n-aaaaa', cluster }, forged);
  expect((await world.store.policies.get(cluster, 'a'))!.times).toEqual(before);
});

test('a scheduler that runs wakes in time for what is due, and ends when it is told to', async () => {
  await using world = await worldOf(['a']);
  const { context } = world.replica();
  const end = new AbortController();
  let told = 0;
  const running = makeScheduler(context, () => (told += 1)).run(end.signal);
  await world.go(29_000);
  expect(told).toBe(0);
  await world.go(2_000);
  expect(told).toBe(1);
  const { items } = await world.store.operations.list({ clusters: null, limit: 10 });
  expect(items[0]!.createdAt).toBe('2026-11-20T10:00:00.000Z');
  end.abort();
  await running;
});

test('a paused policy saves nothing, and is looked at again when its pause ends', async () => {
  await using world = await World.make();
  const now = world.clock.now();
  const until = '2026-11-20T12:30:00.000Z';
  const pause = { since: now.toISOString(), until, reason: 'maintenance' };
  const known = { cluster, policy: policyOf({ pause }), createdAt: now.toISOString(), last: {} };
  expect(nextTimes(known, now)).toEqual({ save: until });
  expect(nextTimes({ ...known, policy: policyOf({ pause: { ...pause, until: null } }) }, now)).toEqual({});
});
