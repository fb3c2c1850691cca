import { operationState, type RestoreReport } from '@holdfast/model';
import { expect, test } from 'vitest';
import { fixedPlan } from '../testing/plan.ts';
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
const { id, source, loss, skips, hash, by, checks } = fixedPlan();

const report: RestoreReport = {
  apiVersion: 'holdfast.dev/v1',
  kind: 'RestoreReport',
  id,
  holdfast: '0.1.0',
  planHash: hash,
  cluster: { name: 'prod', oldId: 'cdf818194e3a8c32', newId: 'f00dfeedf00dfeed' },
  way: 'snapshot',
  strategy: 'all',
  source,
  sourceSha256: 'ab'.repeat(32),
  loss,
  outcome: 'finished',
  why: '',
  warnings: [],
  by,
  takenBy: [],
  startedAt: '2026-11-20T09:15:00Z',
  endedAt: '2026-11-20T09:15:42Z',
  durationMs: 42_000,
  backAt: null,
  downtimeMs: 12_000,
  controlPlane: [],
  apiDowntimeMs: null,
  revision: 1_000_001_000,
  hashKv: { revision: 1_000_001_000, hash: 123_456 },
  steps: [],
  checks,
  skips,
  kept: [{ member: 'm1', path: `/var/lib/etcd/member.pre-${id}` }],
  hash,
};

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
  const text = await render(reportAnswer(told, 'finished', finished, commandFor), 'table', view);
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
