import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Failure } from '@holdfast/base';
import { possibleVerbs } from '@holdfast/model';
import * as fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { abortRestore, resumeRestore, rollbackRestore } from './lead.ts';
import { readRestore } from './read.ts';
import { hashed, planOf } from './testing/plan.ts';
import { codeOf, stageIn } from './testing/stage.ts';

const base = mkdtempSync(join(tmpdir(), 'holdfast-lead-'));
afterAll(() => rmSync(base, { recursive: true, force: true }));

const served = planOf({ way: 'snapshot', strategy: 'all', fresh: 3, former: 0, control: 2 });
const stage = () => stageIn(base, served);
const lost = new Failure('node-failed', 'it ends at once', { member: 'api2' });

test('the control plane is down before etcd stops, and serves again once the cluster is proven, API servers first', async () => {
  const { world, run, plan, stateDir } = stage();
  await run();
  expect(world.broken).toEqual([]);
  expect(world.isAllNew).toBe(true);
  const kinds = [...new Set(world.acts.map(({ kind }) => kind))];
  expect(kinds.indexOf('halt')).toBe(kinds.indexOf('stop') - 1);
  expect(kinds.indexOf('serve')).toBe(kinds.indexOf('probe') + 1);
  const starts = world.acts.filter(({ kind }) => kind === 'serve').map(({ member }) => member);
  expect(starts).toEqual(['api1', 'api2', 'ctrl1', 'ctrl2', 'sched1', 'sched2']);
  const { records } = await readRestore(stateDir, plan.id);
  const events = (kind: string): string[] =>
    records.filter(({ step }) => plan.steps[(step ?? 0) - 1]?.kind === kind).map(({ event }) => event);
  expect(events('halt').slice(0, 6)).toEqual(Array<string>(6).fill('begin'));
  expect(events('serve')).toEqual(Array.from({ length: 6 }, () => ['begin', 'done']).flat());
});

test('when something fails before it serves all is put back, also the control plane', async () => {
  for (const kind of ['halt', 'stop', 'start', 'probe'] as const) {
    const { world, run, stateDir, plan } = stage();
    const last = plan.steps.findLast((step) => step.kind === kind)!;
    world.fault = (act) =>
      act.kind === kind && act.way === 'do' && act.member === (last.member ?? undefined) ? lost : undefined;
    expect(await codeOf(run())).toBe('restore-rolled-back');
    expect(world.broken).toEqual([]);
    expect(world.isAllOld).toBe(true);
    const back = world.acts.filter((act) => act.kind === 'halt' && act.way === 'undo');
    expect(back.map(({ member }) => member?.slice(0, 3)).slice(0, 2)).toEqual(['api', 'api']);
    expect((await readRestore(stateDir, plan.id)).report).toMatchObject({ outcome: 'rolled-back' });
  }
});

test('API servers that come up with etcd, in one unit, are not stopped beside it, and only a person takes that back', async () => {
  const whole = planOf({ way: 'snapshot', strategy: 'all', fresh: 3, former: 0, control: 3, whole: true });
  const { world, run, again, context, stateDir, plan } = stageIn(base, whole);
  world.fault = ({ kind }) => (kind === 'agree' ? lost : undefined);
  expect(await codeOf(run())).toBe('restore-stuck');
  expect(possibleVerbs(plan.steps, (await readRestore(stateDir, plan.id)).state)).toEqual([
    'resume',
    'rollback',
  ]);
  world.fault = () => undefined;
  await resumeRestore(context, again);
  const kinds = world.acts.map(({ kind }) => kind);
  expect(kinds.lastIndexOf('halt')).toBeLessThan(kinds.indexOf('start'));
  expect(world.isAllNew).toBe(true);
});

test.each([resumeRestore, abortRestore, rollbackRestore])(
  'when an API server does not start all stands still, until a person decides: %o',
  async (verb) => {
    const { world, run, plan, stateDir, again, context } = stage();
    world.fault = ({ kind, member }) => (kind === 'serve' && member === 'api2' ? lost : undefined);
    const step = plan.steps.find(({ kind, member }) => kind === 'serve' && member === 'api2')!.number;
    await expect(run()).rejects.toMatchObject({
      code: 'restore-stuck',
      why: expect.stringMatching(
        /^step \d+ \(serve api2\): .*ends at once; an API server may have written.*`resume`.*`rollback`/,
      ) as string,
      details: { id: plan.id, step, kind: 'serve', member: 'api2' },
    });
    expect(world.acts.some(({ way }) => way === 'undo')).toBe(false);
    const { state, records, report } = await readRestore(stateDir, plan.id);
    expect(state).toMatchObject({
      direction: 'forward',
      outcome: undefined,
      stuck: true,
      why: expect.stringContaining('ends at once') as string,
      next: { number: step },
    });
    expect(records.at(-1)).toMatchObject({ event: 'failed', step });
    expect(report).toBeUndefined();
    expect(await codeOf(resumeRestore(context, again))).toBe('restore-stuck');
    world.fault = () => undefined;
    const ended = await verb(context, again);
    expect(world.broken).toEqual([]);
    const forward = verb === resumeRestore;
    expect(forward ? world.isAllNew : world.isAllOld).toBe(true);
    expect(ended.outcome).toBe(forward ? 'finished' : 'rolled-back');
    // What the API server may have written is put aside.
    if (!forward) expect(ended.kept).toMatchObject(['m1', 'm2', 'm3'].map((member) => ({ member })));
  },
);

test('who died while it was stopped tells the same of what ran before', async () => {
  const { world, run, plan, stateDir, again, context } = stage();
  // It takes effect, and nothing of it reaches the journal.
  const halt = world.controlPlane.act.bind(world.controlPlane);
  world.controlPlane.act = (order, way) => {
    const evidence = halt(order, way);
    if (order.kind === 'halt') world.live(1);
    return evidence;
  };
  expect(await codeOf(run())).toBe('died');
  world.controlPlane.act = halt;
  world.live();
  await resumeRestore(context, again);
  const { state } = await readRestore(stateDir, plan.id);
  // The plan has seen no scheduler; the check of right before has.
  for (const { number } of plan.steps.filter(({ kind }) => kind === 'halt'))
    expect(state.evidence.get(number)).toMatchObject({ wasRunning: true });
});

test('what runs again before data is placed, or is moved back, is stopped again first, and it is told', async () => {
  for (const failing of [undefined, 'stage'] as const) {
    const { world, run, plan, stateDir } = stage();
    let isOver = false;
    world.revives = ({ kind, way }) => {
      if (isOver || kind !== 'stage' || way !== 'do') return false;
      return (isOver = true);
    };
    world.fault = ({ kind, way, member }) =>
      kind === failing && way === 'do' && member === 'm3' ? lost : undefined;
    expect(await codeOf(run())).toBe(failing === undefined ? 'done' : 'restore-rolled-back');
    expect(world.broken).toEqual([]);
    expect(failing === undefined ? world.isAllNew : world.isAllOld).toBe(true);
    const { state, report } = await readRestore(stateDir, plan.id);
    expect(state.mayBeWritten).toBe(failing === undefined);
    const told = report?.warnings.filter((each) => each.includes('ran again'));
    expect(told).toHaveLength(6);
    expect(told?.at(-1)).toMatch(/^api1 ran again while it had to be stopped: its unit says so$/);
    // What is told of before is what was found first.
    for (const { kind, number } of plan.steps)
      if (kind === 'halt') expect(state.evidence.get(number)).toMatchObject({ wasRunning: true });
  }
});

test('what runs again between a look and its stop is told as well', async () => {
  const { world, run } = stage();
  let halts = 0;
  world.revives = ({ kind }) => kind === 'halt' && (halts += 1) === 7;
  const { warnings } = await run();
  expect(world.broken).toEqual([]);
  expect(warnings).toEqual(['sched2 ran again while it had to be stopped']);
});

test.each([resumeRestore, rollbackRestore])(
  'what has run beside a restored etcd may have written to it: a failure waits for a person: %o',
  async (verb) => {
    const { world, run, again, context, plan, stateDir } = stage();
    world.revives = ({ kind }) => kind === 'agree';
    world.fault = ({ kind }) => (kind === 'agree' ? lost : undefined);
    await expect(run()).rejects.toMatchObject({
      code: 'restore-stuck',
      why: expect.stringMatching(
        /^step \d+ \(agree\): .*an API server may have written.*`resume`.*`rollback`/,
      ) as string,
    });
    expect(world.acts.some(({ way }) => way === 'undo')).toBe(false);
    expect(world.controlPlane.running.size).toBe(0);
    const { state } = await readRestore(stateDir, plan.id);
    expect(state).toMatchObject({ direction: 'forward', stuck: true, mayBeWritten: true });
    expect(possibleVerbs(plan.steps, state)).toEqual(['resume', 'rollback']);
    world.fault = () => undefined;
    await verb(context, again);
    expect(world.broken).toEqual([]);
    expect(verb === resumeRestore ? world.isAllNew : world.isAllOld).toBe(true);
  },
);

test('that it ran beside a restored etcd is known although who stopped it died right after', async () => {
  const { world, run, again, context } = stage();
  world.fault = ({ kind }) => {
    if (kind === 'agree' && !world.wasBesideNew) world.controlPlane.revive('api1');
    return kind === 'agree' ? lost : undefined;
  };
  const halt = world.controlPlane.act.bind(world.controlPlane);
  world.controlPlane.act = (order, way) => {
    const evidence = halt(order, way);
    if (order.component.name === 'api1' && world.wasBesideNew) world.live(1);
    return evidence;
  };
  expect(await codeOf(run())).toBe('died');
  world.controlPlane.act = halt;
  world.live();
  expect(await codeOf(resumeRestore(context, again))).toBe('restore-stuck');
  expect(world.acts.some(({ way }) => way === 'undo')).toBe(false);
});

test('on a way back that nobody has asked for it waits for a person too', async () => {
  const { world, run, again, context, plan, stateDir } = stage();
  let looks = 0;
  world.fault = ({ kind }) => (kind === 'agree' ? lost : undefined);
  // Six before data is placed, six before etcd starts, six before it turns back.
  world.revives = ({ kind }) => kind === 'look' && (looks += 1) === 19;
  await expect(run()).rejects.toMatchObject({
    code: 'restore-stuck',
    why: expect.stringMatching(/ran again.*`resume` puts the old data back/) as string,
  });
  expect(world.acts.some(({ way }) => way === 'undo')).toBe(false);
  const { state } = await readRestore(stateDir, plan.id);
  expect(state).toMatchObject({ direction: 'back', stuck: true, mayBeWritten: true });
  expect(await resumeRestore(context, again)).toMatchObject({ outcome: 'rolled-back' });
  expect(world.broken).toEqual([]);
  expect(world.isAllOld).toBe(true);
});

test('what cannot be stopped again keeps the new data from being placed, and etcd from being put back', async () => {
  const { world, run, again, context, plan, stateDir } = stage();
  let halts = 0;
  world.fault = ({ kind, way }) => (kind === 'halt' && way === 'do' && (halts += 1) > 6 ? lost : undefined);
  await expect(run()).rejects.toMatchObject({ code: 'restore-stuck' });
  expect(world.acts.some(({ kind }) => kind === 'place')).toBe(false);
  expect(world.acts.some(({ kind, way }) => kind === 'keep' && way === 'undo')).toBe(false);
  expect((await readRestore(stateDir, plan.id)).state).toMatchObject({ direction: 'back', stuck: true });
  world.fault = () => undefined;
  expect(await resumeRestore(context, again)).toMatchObject({ outcome: 'rolled-back' });
  expect(world.broken).toEqual([]);
  expect(world.isAllOld).toBe(true);
});

test('where nobody can tell whether it ran beside a restored etcd, nothing goes back by itself', async () => {
  const { world, run, plan, stateDir } = stage();
  world.fault = ({ kind }) => {
    const isAgreed = world.acts.some((act) => act.kind === 'agree');
    return kind === 'agree' || (kind === 'halt' && isAgreed) ? lost : undefined;
  };
  await expect(run()).rejects.toMatchObject({
    code: 'restore-stuck',
    why: expect.stringMatching(/^step \d+ \(agree\).*; step \d+ \(halt .*\): .*may have written/) as string,
  });
  expect(world.acts.some(({ way }) => way === 'undo')).toBe(false);
  expect((await readRestore(stateDir, plan.id)).state).toMatchObject({ direction: 'forward', stuck: true });
});

test('what the way back could not bring back as it was is a warning of the report', async () => {
  const { world, run, plan, stateDir } = stage();
  const act = world.controlPlane.act.bind(world.controlPlane);
  const warning = 'api1 did not serve before the restore, and does not now';
  world.controlPlane.act = (order, way) => {
    const evidence = act(order, way);
    const isLast = order.kind === 'halt' && way === 'undo' && order.component.name === 'api1';
    return isLast ? { ...evidence, warning } : evidence;
  };
  world.fault = ({ kind }) => (kind === 'agree' ? lost : undefined);
  expect(await codeOf(run())).toBe('restore-rolled-back');
  expect((await readRestore(stateDir, plan.id)).report?.warnings).toEqual([warning]);
});

test('a finished restore is rolled back below the control plane, which is stopped first', async () => {
  const { world, run, again, context } = stage();
  await run();
  await rollbackRestore(context, again);
  expect(world.broken).toEqual([]);
  expect(world.isAllOld).toBe(true);
});

test.each([
  ['place', 'halt'],
  ['serve', 'probe'],
])('whatever the plan, %s is not done before %s', async (early, late) => {
  const { world, run, plan, again, context, path } = stage();
  world.live(5);
  await codeOf(run());
  world.live();
  const first = plan.steps.findIndex(({ kind }) => kind === early);
  const moved = plan.steps.filter(({ kind }) => kind === late);
  const rest = plan.steps.toSpliced(first + 1, 0, ...moved);
  const steps = rest
    .filter((step, i) => step.kind !== late || (i > first && i <= first + moved.length))
    .map((step, i) => ({ ...step, number: i + 1 }));
  writeFileSync(path('plan.json'), JSON.stringify(hashed({ ...plan, steps })));
  await expect(resumeRestore(context, again)).rejects.toMatchObject({
    why: expect.stringContaining(`may not be before ${late} of`) as string,
  });
  expect(world.acts.some(({ kind, way }) => kind === early && way === 'do')).toBe(false);
});

test('whatever runs again, fails or dies: nothing of it runs while data moves, nor is put back unasked what it may have written to', async () => {
  const small = planOf({ way: 'snapshot', strategy: 'all', fresh: 2, former: 0, control: 1 });
  const scenes = fc.record({
    failing: fc.constantFrom(undefined, 'stage', 'start', 'agree', 'agree', 'probe', 'serve'),
    revivals: fc.uniqueArray(fc.nat(30), { minLength: 1, maxLength: 3 }),
    deaths: fc.option(fc.integer({ min: 30, max: 200 })),
    verb: fc.constantFrom(resumeRestore, rollbackRestore),
  });
  await fc.assert(
    fc.asyncProperty(scenes, async ({ failing, revivals, deaths, verb }) => {
      let unasked = false;
      const { world, run, again, context } = stageIn(base, small, {
        onRecord: ({ event, evidence }) => {
          unasked ||= event === 'back' && evidence?.['by'] === 'failure' && world.wasBesideNew;
        },
      });
      let moments = 0;
      world.revives = ({ kind, way }) => {
        const isMove = ['stop', 'keep', 'place', 'start'].includes(kind);
        if (!world.controlPlane.isResting || isMove || (kind === 'halt' && way === 'undo')) return false;
        return revivals.includes((moments += 1));
      };
      world.fault = ({ kind, way }) => (kind === failing && way === 'do' ? lost : undefined);
      world.live(deaths ?? undefined);
      await codeOf(run());
      world.live();
      world.fault = () => undefined;
      // A way back that waits for a person is gone on with once a person says so, as often as it waits.
      for (const next of [verb, resumeRestore, resumeRestore]) await codeOf(next(context, again));
      expect(world.broken).toEqual([]);
      expect(unasked).toBe(false);
      expect(world.isAllNew || world.isAllOld).toBe(true);
    }),
    { numRuns: 150 },
  );
}, 60_000);
