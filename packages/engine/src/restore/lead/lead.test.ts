import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Failure } from '@holdfast/base';
import { RestoreReport, type JournalRecord, type RestorePlan } from '@holdfast/model';
import { thisProcess } from '@holdfast/repository';
import * as fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { abortRestore, resumeRestore, rollbackRestore, runRestore } from './lead.ts';
import type { LeadOptions } from './leader.ts';
import { listRestores, readRestore } from './read.ts';
import { releaseRestore } from './release.ts';
import { hashed, planOf } from './testing/plan.ts';
import { codeOf, stageIn, whole } from './testing/stage.ts';
import { World } from './testing/world.ts';

const base = mkdtempSync(join(tmpdir(), 'holdfast-lead-'));
afterAll(() => rmSync(base, { recursive: true, force: true }));

const stage = (plan?: RestorePlan, more?: Partial<LeadOptions>) => stageIn(base, plan, more);

test('a restore ends with the new data everywhere, a journal, and a report that fits its schema', async () => {
  const { world, run, path, stateDir, plan } = stage();
  const report = await run();
  expect(world.broken).toEqual([]);
  expect(world.isAllNew).toBe(true);
  expect(RestoreReport.parse(report)).toEqual(report);
  expect(RestoreReport.parse(JSON.parse(readFileSync(path('report.json'), 'utf8')))).toEqual(report);
  expect(report).toMatchObject({
    outcome: 'finished',
    warnings: [],
    cluster: { oldId: 'cdf818194e3a8c32', newId: 'abcdef' },
    revision: 1007,
    hashKv: { revision: 1007, hash: 99 },
    sourceSha256: 'ab'.repeat(32),
    planHash: plan.hash,
    kept: ['m1', 'm2', 'm3', 'f1'].map((member) => ({ member })),
    takenBy: [{ by: 'ada@desk', pid: process.pid }],
  });
  expect(report.downtimeMs).toBeGreaterThan(0);
  expect(report.durationMs).toBeGreaterThan(report.downtimeMs!);
  expect(report.steps.every(({ state, attempts }) => state === 'done' && attempts === 1)).toBe(true);
  expect(statSync(path('.')).mode & 0o777).toBe(0o700);
  expect(statSync(path('journal.log')).mode & 0o777).toBe(0o600);
  expect(statSync(path('plan.json')).mode & 0o777).toBe(0o600);
  const [entry] = await listRestores(stateDir);
  expect(entry).toMatchObject({ running: false, state: { phase: 'Finished', outcome: 'finished' } });
  expect(entry?.report).toEqual(report);
});

test('with a concurrency of one the steps are done one by one in the order of the plan', async () => {
  const { run, plan, stateDir } = stage(whole, { concurrency: 1 });
  await run();
  const { records } = await readRestore(stateDir, plan.id);
  const steps = records.filter(({ event }) => event === 'begin' || event === 'done');
  expect(steps.map(({ event, step }) => `${event} ${step}`)).toEqual(
    plan.steps.flatMap(({ number }) => [`begin ${number}`, `done ${number}`]),
  );
});

test('without a limit the members of one kind are acted upon at the same time', async () => {
  const { run, plan, stateDir } = stage();
  await run();
  const { records } = await readRestore(stateDir, plan.id);
  const locks = records.filter(({ step }) => step !== undefined && step <= 4);
  expect(locks.map(({ event }) => event)).toEqual([
    ...Array<string>(4).fill('begin'),
    ...Array<string>(4).fill('done'),
  ]);
});

test.each(['lock', 'fetch', 'stop', 'keep', 'stage', 'place', 'start', 'agree', 'probe'] as const)(
  'when %s fails all is put back, and the failure names the step and its cause',
  async (kind) => {
    const { world, run, stateDir, plan } = stage();
    const last = plan.steps.findLast((step) => step.kind === kind)!;
    world.fault = (act) =>
      act.kind === kind && act.way === 'do' && act.member === (last.member ?? undefined)
        ? new Failure('etcd-not-started', 'it was in the way', { member: 'it' })
        : undefined;
    await expect(run()).rejects.toMatchObject({
      code: 'restore-rolled-back',
      why: expect.stringMatching(
        new RegExp(`^step ${last.number} \\(${kind}.*\\): etcd of it does not start: it was in the way$`),
      ) as string,
      details: { id: plan.id, step: last.number },
    });
    expect(world.broken).toEqual([]);
    expect(world.isAllOld).toBe(true);
    const { state, report } = await readRestore(stateDir, plan.id);
    expect(state).toMatchObject({ outcome: 'rolled-back', phase: 'Failed', wasFinished: false });
    expect(report).toMatchObject({
      outcome: 'rolled-back',
      cluster: { newId: null },
      // From the first start on somebody may have written to the new cluster.
      kept: ['start', 'agree', 'probe'].includes(kind) ? [{}, {}, {}] : [],
    });
    expect(report?.why).toContain('it was in the way');
  },
);

test.each(['unlock', 'save'] as const)(
  'when %s fails the restore stays, and the report warns',
  async (kind) => {
    const { world, run, again, context } = stage();
    world.fault = (act) =>
      act.kind === kind ? new Failure('disk-full', 'ENOSPC', { path: '/x' }) : undefined;
    const { outcome, warnings } = await run();
    expect(outcome).toBe('finished');
    expect(warnings).toHaveLength(kind === 'unlock' ? 4 : 1);
    expect(warnings[0]).toContain('ENOSPC');
    world.fault = () => undefined;
    await releaseRestore(context, again);
    expect([...world.machines.values()].some(({ claim }) => claim)).toBe(false);
  },
);

test('a step that takes longer than its limit is told to stop, and all is put back', async () => {
  const { world, run, plan } = stage();
  const { limitMs } = plan.steps.find(({ kind }) => kind === 'keep')!;
  world.hang = ({ kind, way, member }) =>
    kind === 'keep' && way === 'do' && member === 'm2' ? 'hang' : undefined;
  const running = codeOf(run());
  await expect
    .poll(() => world.acts.some(({ kind, member }) => kind === 'keep' && member === 'm2'))
    .toBe(true);
  world.hang = () => undefined;
  await expect.poll(() => world.elapse(limitMs)).toBe(true);
  expect(await running).toBe('restore-rolled-back');
  expect(world.isAllOld).toBe(true);
});

test('a step that does not stop when it is told to is not undone under its hands', async () => {
  const { world, run, plan, again, context, stateDir } = stage();
  const { limitMs } = plan.steps.find(({ kind }) => kind === 'stage')!;
  const { promise: deaf, resolve: letGo } = Promise.withResolvers<void>();
  world.hang = ({ kind, way, member }) =>
    kind === 'stage' && way === 'do' && member === 'm2' ? deaf : undefined;
  const running = codeOf(run());
  await expect
    .poll(() => world.acts.some(({ kind, member }) => kind === 'stage' && member === 'm2'))
    .toBe(true);
  await expect.poll(() => world.elapse(limitMs)).toBe(true);
  await expect.poll(() => world.elapse(30_000)).toBe(true);
  expect(await running).toBe('restore-stuck');
  expect(world.acts.some(({ way }) => way === 'undo')).toBe(false);
  // As long as this process lives and the step has not ended, nobody may act beside it.
  expect((await readRestore(stateDir, plan.id)).running).toBe(true);
  expect(await codeOf(resumeRestore(context, again))).toBe('restore-running');
  letGo();
  await expect.poll(async () => (await readRestore(stateDir, plan.id)).running).toBe(false);
  expect(await resumeRestore(context, again)).toMatchObject({ outcome: 'rolled-back' });
  expect(world.isAllOld).toBe(true);
});

test('when an undo fails the restore is stuck, and resume goes on undoing', async () => {
  const { world, run, again, context, stateDir, plan } = stage();
  world.fault = ({ kind, way }) =>
    kind === 'probe' || (kind === 'keep' && way === 'undo') ? new Error('a bug') : undefined;
  expect(await codeOf(run())).toBe('restore-stuck');
  expect((await readRestore(stateDir, plan.id)).state).toMatchObject({ stuck: true, direction: 'back' });
  world.fault = () => undefined;
  expect(await resumeRestore(context, again)).toMatchObject({ outcome: 'rolled-back' });
  expect(world.isAllOld).toBe(true);
  expect(await codeOf(resumeRestore(context, again))).toBe('restore-state');
});

test('who interrupts finds it where it stood: resume goes on, abort goes back', async () => {
  for (const verb of [resumeRestore, abortRestore]) {
    const seen: JournalRecord[] = [];
    const { world, run, again, context, person, stateDir, plan } = stage(whole, {
      onRecord: (record) => {
        seen.push(record);
        const kind = plan.steps[(record.step ?? 0) - 1]?.kind;
        if (record.event === 'begin' && kind === 'stop') person.abort(new Error('Ctrl-C'));
      },
    });
    expect(await codeOf(run())).toBe('restore-paused');
    expect(seen.at(-1)?.event).toBe('begin');
    expect(world.acts.some(({ kind }) => kind === 'stop')).toBe(false);
    expect((await readRestore(stateDir, plan.id)).state.direction).toBe('forward');
    const now = { ...context, signal: new AbortController().signal };
    await verb(now, again);
    expect(verb === resumeRestore ? world.isAllNew : world.isAllOld).toBe(true);
  }
});

test('a finished restore is rolled back with what it took in put aside, until that is released', async () => {
  const { world, run, again, context, stateDir, plan } = stage();
  await run();
  expect(await codeOf(abortRestore(context, again))).toBe('restore-state');
  const report = await rollbackRestore(context, again);
  expect(world.broken).toEqual([]);
  expect(world.isAllOld).toBe(true);
  expect(report).toMatchObject({
    outcome: 'rolled-back',
    kept: [{ member: 'm1' }, { member: 'm2' }, { member: 'm3' }],
  });
  expect(world.acts.find(({ way }) => way === 'undo')?.kind).toBe('unlock');
  expect(await releaseRestore(context, again)).toEqual(['m1/undone', 'm2/undone', 'm3/undone']);
  expect(await releaseRestore(context, again)).toEqual([]);
  expect((await readRestore(stateDir, plan.id)).state.released).toBe(true);
});

test('what was released cannot be rolled back; what is not over cannot be released', async () => {
  const { world, run, again, context } = stage();
  world.live(60);
  expect(await codeOf(run())).toBe('died');
  world.live();
  expect(await codeOf(releaseRestore(context, again))).toBe('restore-state');
  await resumeRestore(context, again);
  expect(await releaseRestore(context, again)).toHaveLength(4);
  expect(await codeOf(rollbackRestore(context, again))).toBe('restore-state');
});

test('after a step that cannot be undone there is only forward', async () => {
  const { world, run, again, context } = stage(
    planOf({ way: 'replace', strategy: 'all', fresh: 2, former: 0 }),
  );
  world.fault = ({ kind }) => (kind === 'promote' ? new Failure('etcd-unreachable', 'no') : undefined);
  await expect(run()).rejects.toMatchObject({
    code: 'restore-stuck',
    why: expect.stringContaining('only forward') as string,
  });
  expect(world.acts.some(({ way }) => way === 'undo')).toBe(false);
  expect(await codeOf(abortRestore(context, again))).toBe('restore-state');
  world.fault = () => undefined;
  expect(await resumeRestore(context, again)).toMatchObject({ outcome: 'finished' });
  expect(await codeOf(rollbackRestore(context, again))).toBe('restore-state');
});

test('of a member that a person vouches for as off nothing is asked, nor released', async () => {
  const plan = planOf({ way: 'snapshot', strategy: 'all', fresh: 1, former: 1, attested: true });
  const { world, run, again, context } = stage(plan);
  await run();
  expect(world.acts.some(({ member }) => member === 'f1')).toBe(false);
  expect(await releaseRestore(context, again)).toEqual(['m1/kept']);
});

test('a plan is refused when it was altered, and when it was begun before', async () => {
  const { world, run, context, options } = stage();
  const swapped = hashed({ ...whole, steps: whole.steps.toReversed() });
  expect(await codeOf(runRestore(context, { ...options, plan: swapped }))).toBe('restore-refused');
  const changed = { ...whole, token: 'another' };
  expect(await codeOf(runRestore(context, { ...options, plan: changed }))).toBe('restore-refused');
  expect(world.acts).toEqual([]);
  await run();
  expect(await codeOf(run())).toBe('restore-state');
});

test('an earlier restore is not rolled back below a later one', async () => {
  const { run, again, context, options } = stage();
  await run();
  const later = hashed({ ...whole, id: 'r-20261122t120000z-abcdef', createdAt: '2026-11-22T12:00:00.000Z' });
  const world = new World(later);
  await runRestore(context, {
    ...options,
    nodes: () => world.node,
    clusterStep: world.clusterStep,
    plan: later,
  });
  await expect(rollbackRestore(context, again)).rejects.toMatchObject({
    code: 'restore-state',
    why: expect.stringContaining(later.id) as string,
  });
});

test('only one process leads a restore; a damaged plan or journal changes nothing', async () => {
  const { world, run, again, context, path, stateDir, plan } = stage();
  world.live(60);
  await codeOf(run());
  world.live();
  writeFileSync(path('lock-1.json'), JSON.stringify(thisProcess()));
  expect(await codeOf(resumeRestore(context, again))).toBe('restore-running');
  expect((await readRestore(stateDir, plan.id)).running).toBe(true);
  rmSync(path('lock-1.json'));
  const acts = world.acts.length;
  for (const name of ['journal.log', 'plan.json']) {
    const text = readFileSync(path(name), 'utf8');
    writeFileSync(path(name), text.replace('m', 'n').replace('opened', 'opaned'));
    expect(await codeOf(abortRestore(context, again))).toBe('journal-damaged');
    const told: string[] = [];
    expect(await listRestores(stateDir, ({ code }) => told.push(code))).toEqual([]);
    expect(told).toEqual(['journal-damaged']);
    writeFileSync(path(name), text);
  }
  expect(world.acts).toHaveLength(acts);
  expect(await codeOf(resumeRestore(context, { ...again, id: '../../etc' }))).toBe('restore-missing');
  expect(await codeOf(resumeRestore(context, { ...again, id: 'r-20200101t000000z-000000' }))).toBe(
    'restore-missing',
  );
});

test('a report that a crash has kept from being written is made by resume', async () => {
  const { run, again, context, path } = stage();
  const report = await run();
  rmSync(path('report.json'));
  expect(await resumeRestore(context, again)).toEqual(report);
  expect(existsSync(path('report.json'))).toBe(true);
});

/** What moves data or starts etcds, in one or the other direction. */
const moving: readonly string[] = ['stop', 'keep', 'place', 'start'];

test('whatever dies, fails or runs again at whichever act, the cluster ends all new or all old, and never runs as both', async () => {
  const shapes = [
    whole,
    planOf({ way: 'snapshot', strategy: 'seed', fresh: 2, former: 1 }),
    planOf({ way: 'salvage', strategy: 'all', source: 'salvage', fresh: 2, former: 0 }),
    planOf({ way: 'replace', strategy: 'all', fresh: 1, former: 0 }),
    planOf({ way: 'snapshot', strategy: 'all', fresh: 2, former: 1, control: 2 }),
    planOf({ way: 'snapshot', strategy: 'all', fresh: 2, former: 0, control: 2, changes: true }),
    planOf({ way: 'snapshot', strategy: 'all', fresh: 2, former: 0, changes: true }),
    planOf({ way: 'salvage', strategy: 'seed', source: 'salvage', fresh: 2, former: 0, control: 1 }),
  ];
  const crash = fc.record({
    moments: fc.integer({ min: 1, max: 250 }),
    verb: fc.constantFrom('resume', 'abort'),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...shapes),
      fc.constantFrom(1, 2, Infinity),
      fc.array(crash, { minLength: 2, maxLength: 2 }),
      fc.option(fc.nat(80), { nil: undefined }),
      fc.array(fc.nat(12), { maxLength: 3 }),
      async (plan, concurrency, crashes, failing, revivals) => {
        const byItself: string[] = [];
        const onRecord = ({ event, evidence }: JournalRecord): void => {
          if (event === 'back' && evidence?.['by'] === 'failure' && world.wasBesideNew)
            byItself.push('turned back below what may have been written to');
        };
        const { world, run, again, context, stateDir } = stage(plan, { concurrency, onRecord });
        let count = 0;
        let [moments, revived] = [0, 0];
        world.revives = ({ kind, way }) => {
          if (!world.controlPlane.isResting) return false;
          // In the middle of a move nobody could keep it away, and on its own way back it runs anyway.
          if (moving.includes(kind) || (kind === 'halt' && way === 'undo')) return false;
          moments += 1;
          const due = revivals.filter((at) => at < moments).length > revived;
          if (due) revived += 1;
          return due;
        };
        // An unlock that fails leaves a claim and a warning, which is looked at above.
        world.fault = ({ kind }) =>
          (count += 1) === failing && kind !== 'unlock' ? new Failure('disk-full', 'ENOSPC') : undefined;
        world.live(crashes[0]!.moments);
        await codeOf(run());
        const [first, second] = crashes;
        for (const [verb, moments] of [
          [first!.verb, second!.moments],
          [second!.verb, Infinity],
          ['resume', Infinity],
          ['resume', Infinity],
        ] as const) {
          world.live(moments);
          await codeOf(verb === 'abort' ? abortRestore(context, again) : resumeRestore(context, again));
        }
        expect(world.broken).toEqual([]);
        expect(byItself).toEqual([]);
        const [entry] = await listRestores(stateDir);
        // Dead before the plan was stored: it never began.
        if (entry === undefined) return expect(world.isAllOld).toBe(true);
        expect(entry.state.outcome).toBe(world.isAllNew ? 'finished' : 'rolled-back');
        expect(world.isAllNew || world.isAllOld).toBe(true);
        const of = (record: JournalRecord): string => plan.steps[(record.step ?? 0) - 1]?.kind ?? '';
        const served = entry.records.findIndex((each) => each.event === 'begin' && of(each) === 'serve');
        const turned = entry.records.findIndex(({ evidence }) => evidence?.['by'] === 'failure');
        // Whether what an API server may have written is put back is for a person to say.
        expect(served >= 0 && turned > served).toBe(false);
        return undefined;
      },
    ),
    { numRuns: 120 },
  );
}, 120_000);
