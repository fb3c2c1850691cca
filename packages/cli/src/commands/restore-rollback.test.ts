import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JournalRecord, RestorePlan } from '@holdfast/model';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { holdfast } from '../testing/io.ts';
import { writeJournal } from '../testing/journal.ts';
import { componentSeen, fixedPlan, memberSeen } from '../testing/plan.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-cli-'));
});
afterEach(() => rm(folder, { recursive: true }));

type Event = Pick<JournalRecord, 'event' | 'step' | 'evidence'>;

const m1 = memberSeen('m1', {}, { clientUrls: ['http://127.0.0.1:1'] });
const planOf = (controlPlane: RestorePlan['controlPlane'] = []): RestorePlan =>
  fixedPlan({ members: [m1], controlPlane });

/** All steps of a restore; those parts of the control plane that are called so were found to be off. */
const finished = (plan: RestorePlan, off: readonly string[] = []): Event[] => [
  ...plan.steps.flatMap(({ number: step, kind, member }): Event[] => [
    { event: 'begin', step },
    {
      event: 'done',
      step,
      ...(kind === 'halt' && { evidence: { wasRunning: !off.includes(member ?? '') } }),
    },
  ]),
  { event: 'finished' },
];

/** What is asked before anything is taken back; nobody says yes. */
async function asked(plan: RestorePlan, events: readonly Event[]): Promise<string> {
  const stateDir = join(folder, 'state');
  await writeJournal(stateDir, plan, events);
  const args = ['restore', 'rollback', 'latest', '--state-dir', stateDir];
  const { exit, stderr } = await holdfast(args, { cwd: folder, home: folder, isTTY: true, typed: 'n' });
  expect(exit).toBe(20);
  return stderr;
}

const byHand =
  'No API server is described: stop all of them by hand first, and start them again once the old data is back, before controllers and schedulers.\n';

test('what is stopped is started again with the old data', async () => {
  const plan = planOf([componentSeen('api-1', 'kube-apiserver'), componentSeen('sched-1', 'kube-scheduler')]);
  const question = await asked(plan, finished(plan));
  expect(question).toContain('It stops api-1, sched-1 and starts them again with that.\n');
  expect(question).not.toContain('did not run before');
  expect(question).not.toContain('by hand');
});

test('what was off before the restore is not started, and that is said before anybody says yes', async () => {
  const plan = planOf([
    componentSeen('api-1', 'kube-apiserver'),
    componentSeen('api-2', 'kube-apiserver', { running: false }),
    componentSeen('api-3', 'kube-apiserver', {
      running: null,
      attested: { by: 'ops@bastion', reason: 'its power is off' },
    }),
  ]);
  const question = await asked(plan, finished(plan, ['api-2']));
  expect(question).toContain(
    'It stops api-1, api-2, and starts api-1 again with that.\n' +
      'Not started, since it did not run before the restore: api-2.\n' +
      'Nothing is done on the machine of api-3, which was vouched to be off: see that it still is.\n',
  );
});

test('nothing that was off before is said to be started', async () => {
  const plan = planOf([componentSeen('api-1', 'kube-apiserver', { running: false })]);
  const question = await asked(plan, finished(plan, ['api-1']));
  expect(question).toContain(
    'It stops api-1.\nNot started, since it did not run before the restore: api-1.\n',
  );
});

test('API servers that nobody described have to be stopped by hand first', async () => {
  const bare = planOf();
  expect(await asked(bare, finished(bare))).toContain(byHand);
  const scheduler = planOf([componentSeen('sched-1', 'kube-scheduler')]);
  expect(await asked(scheduler, finished(scheduler))).toContain(byHand);
});

test('no API server has seen what was never started', async () => {
  const plan = planOf();
  const steps = plan.steps.filter(({ kind }) => kind === 'lock');
  const begun = steps.map(({ number: step }): Event => ({ event: 'begin', step }));
  expect(await asked(plan, begun)).not.toContain('by hand');
});
