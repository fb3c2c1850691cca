import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Failure } from '@holdfast/base';
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
