import { RestorePlan } from '@holdfast/model';
import type { Operation } from '@holdfast/model/fleet';
import { expect, test } from 'vitest';
import { isOver } from './is-over.ts';
import { finishing, leading, plan, restoreWorld } from './testing/restore-world.ts';
import { cluster, person, type Replica, type World } from './testing/world.ts';

const isDone = ({ state }: Operation): boolean => isOver(state);
const wanted = {
  ...{
    cluster,
    request: { scope: 'none' as const, attest: [], skips: [], clone: false, restartNodes: true },
  },
};
const ask = ({ operations }: Pick<Replica, 'operations'>): Promise<Operation> =>
  operations.planAndRestore(person, wanted);
async function restores({ store }: World): Promise<readonly Operation[]> {
  return (await store.operations.list({ clusters: [cluster], kind: 'restore', limit: 100 })).items;
}

test('a plan that stands is followed by its restore, in the name of who asked for it', async () => {
  await using world = await restoreWorld(leading(() => finishing));
  const made = await world.until((await ask(world.start())).id, isDone);
  const [restore, ...more] = await restores(world);
  expect(more).toEqual([]);
  expect(made).toMatchObject({ state: 'succeeded', result: { restore: restore!.id } });
  expect(restore).toMatchObject({ requestedBy: person.by, input: { from: made.id } });
  expect(await world.until(restore!.id, isDone)).toMatchObject({ state: 'succeeded' });
});

test.each([
  [
    'a plan of which a check has failed',
    { ...plan, checks: [{ id: 'P4', what: 'space', outcome: 'failed', detail: 'the disk is full' }] },
    'the disk is full',
  ],
  ['what is no plan', { some: 'thing' }, 'its agent answered with what is no plan'],
])('%s is followed by nothing, and says so', async (_, result, why) => {
  await using world = await restoreWorld(({ order }) =>
    order.kind === 'plan' ? { outcome: 'done', result } : undefined,
  );
  const made = await world.until((await ask(world.start())).id, isDone);
  expect(made).toMatchObject({ state: 'failed', failure: { code: 'plan-unusable' } });
  expect(made.why).toContain(why);
  expect(await restores(world)).toEqual([]);
});

test('the restore waits for those who have to allow it', async () => {
  await using world = await restoreWorld(leading(() => finishing));
  const { spec } = (await world.store.clusters.get(cluster))!;
  await world.store.clusters.put(cluster, null, { ...spec, approvals: 1 }, world.clock.now().toISOString());
  const { operations } = world.start();
  const made = await world.until((await ask({ operations })).id, isDone);
  const { id } = (await restores(world))[0]!;
  await world.go(5_000);
  expect(await world.get(id)).toMatchObject({ state: 'waiting', approvalsNeeded: 1 });
  await expect(operations.approve(person, id)).rejects.toMatchObject({ code: 'approval-refused' });
  await operations.approve({ by: 'bob', trigger: 'api' }, id);
  expect(await world.until(id, isDone)).toMatchObject({ state: 'succeeded' });
  expect((await world.get(made.id)).result).toMatchObject({ restore: id });
});

test('while a restore is open another is refused with it', async () => {
  await using world = await restoreWorld(leading(() => finishing));
  const replica = world.start();
  await world.until((await ask(replica)).id, isDone);
  const { id } = (await restores(world))[0]!;
  await expect(ask(replica)).rejects.toMatchObject({ code: 'cluster-busy', details: { holder: id } });
});

/** The plan and its restore, with a first runner that dies. */
async function story(dieAt?: number): Promise<{ calls: number; end: unknown }> {
  await using world = await restoreWorld(leading(() => finishing));
  world.paceMs = 500;
  const { id } = await ask(world.replica());
  const first = world.start(dieAt);
  await world.until(id, (operation) => isDone(operation) || first.life.dead);
  if (first.life.dead) world.start();
  const made = await world.until(id, isDone);
  const all = await restores(world);
  await world.until(all[0]!.id, (operation) => isDone(operation) || first.life.dead);
  if (first.life.dead) world.start();
  const ends = await Promise.all(all.map(async (each) => world.until(each.id, isDone)));
  return {
    calls: first.life.calls,
    end: {
      ...{ state: made.state, names: made.result?.['restore'] === all[0]!.id },
      ...{ isPlan: RestorePlan.safeParse(made.result).success, done: world.done },
      restores: ends.map(({ state, requestedBy }) => [state, requestedBy]),
    },
  };
}

test('it is made exactly once, wherever the runner dies', async () => {
  const { calls, end } = await story();
  expect(end).toEqual({
    ...{ state: 'succeeded', names: true, isPlan: true, restores: [['succeeded', person.by]] },
    done: ['plan n-aaaaa', 'lead n-aaaaa'],
  });
  expect(calls).toBeGreaterThan(20);
  for (let at = 0; at < calls; at += 1) expect((await story(at)).end, `died at call ${at}`).toEqual(end);
}, 240_000);
