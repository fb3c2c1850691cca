import { operationState, type JournalRecord, type RestoreReport, type StepKind } from '@holdfast/model';
import { describe, expect, test } from 'vitest';
import { componentSeen, fixedPlan } from '../testing/plan.ts';
import { fixedReport } from '../testing/report.ts';
import { render } from '../term/answer.ts';
import type { Operation } from './operation.ts';
import { reportAnswer } from './report.ts';

const view = { utc: true, style: (_: string, text: string) => text, now: new Date('2026-11-20T09:34:07Z') };
const commandFor = (verb: string, id: string): string[] => ['holdfast', 'restore', verb, id];
/** A restore whose journal says no more than how it ended. */
function ended(outcome: RestoreReport['outcome'], plan = fixedPlan()): Operation {
  const at = '2026-11-20T09:15:42.000Z';
  const records = [{ n: 0, at, event: outcome }];
  return { plan, records, state: operationState(plan.steps, records), running: false };
}

const finished = ended('finished');
const report = fixedReport();
const { id } = report;

test('a finished one tells what runs, what is lost, and how it is undone or released', async () => {
  const answer = reportAnswer(report, 'finished', finished, commandFor);
  expect(await render(answer, 'table', view)).toMatchInlineSnapshot(`
    "restored cluster prod in 42s
      restore      r-20261120t091407z-a1b2c3
      from         nightly-7, 20.0 KiB, revision 1000
      sha256       abababababababababababababababababababababababababababababababab
      cluster id   f00dfeedf00dfeed (cdf818194e3a8c32 before)
      revision     1000001000
      hashkv       123456 at revision 1000001000, on every member
      lost         200 revisions: 3 objects made, 1 changed, 1 deleted since
      etcd down    12s
      ended        2026-11-20 09:15:42 Z
      by           ops@bastion
      kept         /var/lib/etcd/member.pre-r-20261120t091407z-a1b2c3 of m1
    Checks
      P13   skipped   reach       m3 cannot be reached; skipped because: its power is off
      P3    warned    freshness   200 revisions are lost
      passed: P1 P10
    Restart what talks to this etcd by hand: every kube-apiserver first, then controllers and schedulers.
    bring the old data back; what was written since is put aside:
      holdfast restore rollback r-20261120t091407z-a1b2c3
    delete the kept data, when it is needed no more:
      holdfast restore release r-20261120t091407z-a1b2c3
    "
  `);
  expect(answer.failure).toBeUndefined();
});

test('warnings are the failure restore-unsound, after the report', async () => {
  const answer = reportAnswer(
    { ...report, warnings: ['the first snapshot was not saved'] },
    'finished',
    finished,
    commandFor,
  );
  expect(await render(answer, 'table', view)).toContain('  ! the first snapshot was not saved\n');
  expect(answer.failure).toMatchObject({ code: 'restore-unsound', exitCode: 3 });
});

test('one that was put back is a failure only where something else was wanted', async () => {
  const back = ended('rolled-back');
  const undone: RestoreReport = {
    ...report,
    outcome: 'rolled-back',
    why: 'm1 does not stop',
    backAt: '2026-11-20T09:15:35Z',
    cluster: { ...report.cluster, newId: null },
    revision: null,
    hashKv: null,
    kept: [],
  };
  const text = await render(reportAnswer(undone, 'rolled-back', back, commandFor), 'table', view);
  expect(text).toContain('put back cluster prod in 7.0s');
  expect(text).not.toContain('by hand');
  expect(reportAnswer(undone, 'rolled-back', back, commandFor).failure).toBeUndefined();
  expect(reportAnswer(undone, 'finished', back, commandFor).failure).toMatchObject({
    code: 'restore-rolled-back',
    why: 'm1 does not stop',
  });
});

test('one that was put back at a cost says at which, and is no success', async () => {
  const back = ended('rolled-back');
  const undone: RestoreReport = {
    ...report,
    outcome: 'rolled-back',
    why: 'ops wanted it back (abort)',
    kept: [],
  };
  const warnings = ['m1 did not serve before the restore, and does not now: no such flag'];
  const answer = reportAnswer({ ...undone, warnings }, 'rolled-back', back, commandFor);
  expect(await render(answer, 'table', view)).toContain(`  ! ${warnings[0]}\n`);
  expect(JSON.parse(await render(answer, 'json', view))).toMatchObject({ warnings });
  expect(answer.failure).toMatchObject({ code: 'rollback-unsound', exitCode: 3, why: warnings[0] });
  // That it did not succeed at all says more.
  expect(reportAnswer({ ...undone, warnings }, 'finished', back, commandFor).failure).toMatchObject({
    code: 'restore-rolled-back',
  });
});

const at = '2026-11-20T09:15:40.000Z';
/** Put back once a step of this kind had begun; a part of the control plane was found to be off. */
function putBack(kind: StepKind, plan = fixedPlan()): Operation {
  const last = plan.steps.find((step) => step.kind === kind)!.number;
  const events = plan.steps.slice(0, last).flatMap(({ number: step, kind: did, member }) => [
    { at, event: 'begin', step } as const,
    {
      at,
      event: 'done',
      step,
      evidence: did === 'halt' ? { wasRunning: member !== 'off' } : {},
    } as const,
  ]);
  const undone = plan.steps
    .slice(0, last)
    .map(({ number: step }) => ({ at, event: 'undone', step }) as const);
  const all = [...events, { at, event: 'back' } as const, ...undone, { at, event: 'rolled-back' } as const];
  const records = all.map((record, n): JournalRecord => ({ n, ...record }));
  return { plan, records, state: operationState(plan.steps, records), running: false };
}
async function textOfBack(operation: Operation, more: Partial<RestoreReport> = {}): Promise<string> {
  return render(
    reportAnswer({ ...report, outcome: 'rolled-back', ...more }, 'rolled-back', operation, commandFor),
    'table',
    view,
  );
}

describe('what was put back after etcd had been started', () => {
  const parts = [componentSeen('api-1', 'kube-apiserver'), componentSeen('off', 'kube-scheduler')];

  test('has to be told to API servers that nobody described, as they have seen the restored data', async () => {
    expect(await textOfBack(putBack('start'))).toContain('by hand: every kube-apiserver first');
    expect(await textOfBack(putBack('place'))).not.toContain('by hand');
    expect(await textOfBack(putBack('start', fixedPlan({ controlPlane: parts })))).not.toContain('by hand');
    const schedulerOnly = fixedPlan({ controlPlane: [parts[1]!] });
    expect(await textOfBack(putBack('start', schedulerOnly))).toContain(
      'by hand: every kube-apiserver first',
    );
  });

  test('does not start what was off before, and says so', async () => {
    const operation = putBack('serve', fixedPlan({ controlPlane: parts }));
    const none = { downAt: null, readyAt: null };
    const controlPlane = [
      { name: 'api-1', component: 'kube-apiserver', downAt: at, readyAt: at },
      { name: 'off', component: 'kube-scheduler', ...none },
    ] as const;
    expect(await textOfBack(operation, { controlPlane: [...controlPlane] })).toContain(
      'off          did not run before the restore, not started\n',
    );
    const stopped = [controlPlane[0], { ...controlPlane[1], downAt: at }];
    expect(await textOfBack(operation, { controlPlane: stopped })).toContain(
      'off          down at 2026-11-20 09:15:40 Z, not started: it did not run before the restore\n',
    );
  });
});

test('when each part of the control plane went down and was ready again', async () => {
  const told: RestoreReport = {
    ...report,
    controlPlane: [
      {
        name: 'api-1',
        component: 'kube-apiserver',
        downAt: '2026-11-20T09:15:01Z',
        readyAt: '2026-11-20T09:15:39Z',
      },
      { name: 'api-2', component: 'kube-apiserver', downAt: null, readyAt: '2026-11-20T09:15:41Z' },
      { name: 'api-3', component: 'kube-apiserver', downAt: null, readyAt: null },
    ],
    apiDowntimeMs: 38_000,
  };
  const parts = told.controlPlane.map(({ name, component }) => componentSeen(name, component));
  const of = ended('finished', fixedPlan({ controlPlane: parts }));
  const text = await render(reportAnswer(told, 'finished', of, commandFor), 'table', view);
  expect(text).toContain(`
  etcd down    12s
  api down     38s
  api-1        down at 2026-11-20 09:15:01 Z, ready at 2026-11-20 09:15:39 Z
  api-2        did not run before, ready at 2026-11-20 09:15:41 Z
  ended        2026-11-20 09:15:42 Z
`);
  expect(text).not.toContain('by hand');
});

test('members that were replaced leave nothing to restart, and nothing to bring back', async () => {
  const plan = fixedPlan({ way: 'replace', source: { kind: 'quorum', size: 1, revision: 1 } });
  const done = { n: 0, at: '2026-11-20T09:15:00.000Z', event: 'done' } as const;
  const step = plan.steps.find(({ kind }) => kind === 'remove')!.number;
  const records = [{ ...done, step }, ...ended('finished').records];
  const operation = { ...ended('finished', plan), state: operationState(plan.steps, records) };
  const answer = reportAnswer({ ...report, way: 'replace' }, 'finished', operation, commandFor);
  const text = await render(answer, 'table', view);
  expect(text).not.toContain('by hand');
  expect(text).not.toContain('rollback');
  expect(text).toContain(`holdfast restore release ${id}`);
});
