import { operationState, type JournalRecord, type RestoreReport } from '@holdfast/model';
import { expect, test } from 'vitest';
import { fixedPlan, memberSeen } from '../testing/plan.ts';
import { render } from '../term/answer.ts';
import { operationAnswer, operationsAnswer, type Operation } from './operation.ts';

const view = { utc: true, style: (_: string, text: string) => text, now: new Date('2026-11-20T09:34:07Z') };
const commandFor = (verb: string, id: string): string[] => [
  'holdfast',
  'restore',
  verb,
  id,
  '--state-dir',
  '/s',
];

type Event = Pick<JournalRecord, 'event' | 'step' | 'evidence'>;

/** A restore whose journal holds these, a second apart. */
function operation(events: readonly Event[], more: Partial<Operation> = {}): Operation {
  const plan = more.plan ?? fixedPlan();
  const records = events.map((event, n): JournalRecord => ({
    n,
    at: new Date(Date.parse('2026-11-20T09:15:00Z') + n * 1000).toISOString(),
    ...event,
  }));
  return { plan, records, state: operationState(plan.steps, records), running: false, ...more };
}

const done = (...steps: number[]): Event[] =>
  steps.flatMap((step) => [
    { event: 'begin', step },
    { event: 'done', step },
  ]);
const all = fixedPlan().steps.map(({ number }) => number);

async function commands(given: Operation): Promise<string[]> {
  const { next } = JSON.parse(await render(operationAnswer(given, commandFor), 'json', view));
  return next.map((each: { command: string }) => each.command.split(' ')[2]);
}

test('an interrupted one tells each step and how to go on or back', async () => {
  const given = operation([{ event: 'opened' }, ...done(1, 2, 3, 4), { event: 'begin', step: 5 }]);
  expect(await render(operationAnswer(given, commandFor), 'table', view)).toMatchInlineSnapshot(`
    "Restore r-20261120t091407z-a1b2c3 of cluster prod
      state     interrupted
      phase     Started
      plan      snapshot, all: the quorum is lost; a snapshot was asked for
      planned   2026-11-20 09:14:07 Z (20m ago) by ops@bastion
      hash      cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd

    Started
         1   lock    m1        done      1.0s
         2   lock    m2        done      1.0s
         3   check   cluster   done      1.0s
         4   guard   cluster   done      1.0s
      >  5   fetch   m1        begun
         6   fetch   m2        pending

    Shutdown
         7   stop   m1   pending
         8   stop   m2   pending
         9   keep   m1   pending
        10   keep   m2   pending

    Restore
        11   stage   m1   pending
        12   stage   m2   pending
        13   place   m1   pending
        14   place   m2   pending

    RestartCluster
        15   start   m1        pending
        16   start   m2        pending
        17   agree   cluster   pending
        18   probe   cluster   pending

    Finished
        19   unlock   m1        pending
        20   unlock   m2        pending
        21   save     cluster   pending

    go on:
      holdfast restore resume r-20261120t091407z-a1b2c3 --state-dir /s
    put everything back:
      holdfast restore abort r-20261120t091407z-a1b2c3 --state-dir /s
    "
  `);
});

test('what can be done next follows from where it stands', async () => {
  const back: Event[] = [...done(1, 2), { event: 'back', evidence: { why: 'm1 does not stop' } }];
  expect(await commands(operation(done(1, 2)))).toEqual(['resume', 'abort']);
  expect(await commands(operation(done(1, 2), { running: true }))).toEqual([]);
  expect(await commands(operation(back))).toEqual(['resume']);
  expect(
    await commands(operation([...back, { event: 'undo', step: 2 }, { event: 'stuck', step: 2 }])),
  ).toEqual(['resume']);
  expect(await commands(operation([...back, { event: 'rolled-back' }]))).toEqual([]);
  const finished: Event[] = [...done(...all), { event: 'finished' }];
  expect(await commands(operation(finished))).toEqual(['rollback', 'release']);
  expect(await commands(operation([...finished, { event: 'released' }]))).toEqual([]);
  expect(await commands(operation([...finished, { event: 'back' }, { event: 'rolled-back' }]))).toEqual([
    'release',
  ]);
});

test('under a later restore the old data cannot come back, and it is said which one that is', async () => {
  const later = 'r-20261120t101500z-d4e5f6';
  const given = operation([...done(...all), { event: 'finished' }], { later });
  expect(await commands(given)).toEqual(['release', 'status']);
  expect(await render(operationAnswer(given, commandFor), 'table', view)).toContain(
    `look at restore ${later}, which came after it: the old data can come back once that one is rolled back:\n  holdfast restore status ${later} --state-dir /s\n`,
  );
  expect(
    await commands(operation([...done(...all), { event: 'finished' }, { event: 'released' }], { later })),
  ).toEqual([]);
});

test('one that is not over goes no way back under a later restore', async () => {
  const later = 'r-20261120t101500z-d4e5f6';
  expect(await commands(operation(done(1, 2), { later }))).toEqual(['resume', 'status']);
  expect(await commands(operation([...done(1, 2), { event: 'back' }], { later }))).toEqual(['status']);
});

test('what was left to see to when it was over is told again', async () => {
  const warnings = ['m1 did not serve before the restore, and does not now'];
  const report = { durationMs: 1000, warnings } as unknown as RestoreReport;
  const given = operation([{ event: 'back' }, { event: 'rolled-back' }], { report });
  expect(await render(operationAnswer(given, commandFor), 'table', view)).toContain(`  ! ${warnings[0]}\n`);
});

test('past a step that cannot be undone there is only forward', async () => {
  const plan = fixedPlan({
    way: 'replace',
    source: { kind: 'quorum', size: 1, revision: 1 },
    members: [memberSeen('m3')],
  });
  const remove = plan.steps.find(({ kind }) => kind === 'remove')!.number;
  const before = plan.steps.slice(0, remove - 1).map(({ number }) => number);
  expect(await commands(operation(done(...before), { plan }))).toEqual(['resume', 'abort']);
  const begun = operation([...done(...before), { event: 'begin', step: remove }], { plan });
  expect(await commands(begun)).toEqual(['resume', 'abort']);
  expect(await render(operationAnswer(begun, commandFor), 'table', view)).toContain(
    'put everything back, if the cluster shows that nothing was done for good yet:',
  );
  expect(await commands(operation(done(...before, remove), { plan }))).toEqual(['resume']);
});

test('all of them in a table, and those that wait named', async () => {
  const list = [
    operation(done(1, 2)),
    operation([...done(...all), { event: 'finished' }]),
    operation([...done(1), { event: 'back' }, { event: 'undo', step: 1 }, { event: 'stuck', step: 1 }]),
  ];
  expect(await render(operationsAnswer(list, commandFor), 'table', view)).toMatchInlineSnapshot(`
    "ID                          CLUSTER   PLANNED   WAY        STATE         PHASE      STEPS
    r-20261120t091407z-a1b2c3   prod      20m ago   snapshot   interrupted   Started    2/21
    r-20261120t091407z-a1b2c3   prod      20m ago   snapshot   finished      Finished   21/21
    r-20261120t091407z-a1b2c3   prod      20m ago   snapshot   stuck         Failed     0/21
      ! r-20261120t091407z-a1b2c3 is not over: holdfast restore status r-20261120t091407z-a1b2c3 --state-dir /s
      ! r-20261120t091407z-a1b2c3 is not over: holdfast restore status r-20261120t091407z-a1b2c3 --state-dir /s
    "
  `);
  expect(await render(operationsAnswer([], commandFor), 'table', view)).toBe('No restore yet.\n');
  expect(await render(operationsAnswer(list, commandFor), 'name', view)).toBe(
    `${fixedPlan().id}\n`.repeat(3),
  );
});

test('a step that failed tells why', async () => {
  const why = 'm1 does not stop';
  const given = operation([
    ...done(1),
    { event: 'begin', step: 2 },
    { event: 'failed', step: 2, evidence: { why } },
  ]);
  expect(await render(operationAnswer(given, commandFor), 'table', view)).toContain(why);
});
