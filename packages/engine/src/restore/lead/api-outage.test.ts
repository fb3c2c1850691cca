import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Failure } from '@holdfast/base';
import type { RestoreReport } from '@holdfast/model';
import { afterAll, expect, test } from 'vitest';
import { rollbackRestore } from './lead.ts';
import { readRestore } from './read.ts';
import { planOf } from './testing/plan.ts';
import { stageIn } from './testing/stage.ts';

const base = mkdtempSync(join(tmpdir(), 'holdfast-outage-'));
afterAll(() => rmSync(base, { recursive: true, force: true }));

const plan = planOf({ way: 'snapshot', strategy: 'all', fresh: 1, former: 0, control: 2 });
const servers = ({ controlPlane }: RestoreReport) =>
  controlPlane.filter(({ component }) => component === 'kube-apiserver');
const ms = (at: string | null): number => (at === null ? NaN : Date.parse(at));

/** The time that the report gives for no API server at all. */
function expected(report: RestoreReport): number {
  const [down, ready] = [
    servers(report).map((each) => ms(each.downAt)),
    servers(report).map((each) => ms(each.readyAt)),
  ];
  return Math.min(...ready) - Math.max(...down);
}

test('no API server served from when the last one was down until the first one was ready', async () => {
  const report = await stageIn(base, plan).run();
  expect(report.backAt).toBeNull();
  expect(servers(report)).toHaveLength(2);
  expect(report.apiDowntimeMs).toBe(expected(report));
  expect(report.apiDowntimeMs).toBeGreaterThan(report.downtimeMs!);
});

test('one that was put back counts from when they were down until they were there again', async () => {
  const { world, run, stateDir } = stageIn(base, plan);
  world.fault = ({ kind, way }) =>
    kind === 'agree' && way === 'do'
      ? new Failure('node-failed', 'no', { step: 's', member: 'm' })
      : undefined;
  await expect(run()).rejects.toMatchObject({ code: 'restore-rolled-back' });
  const report = (await readRestore(stateDir, plan.id)).report!;
  expect(report.apiDowntimeMs).toBe(expected(report));
  expect(ms(report.backAt)).toBeGreaterThan(Math.max(...servers(report).map(({ downAt }) => ms(downAt))));
  expect(ms(report.backAt)).toBeLessThan(ms(report.endedAt));
});

test('one that was rolled back later counts what the way back took', async () => {
  const { run, context, again } = stageIn(base, plan);
  const finished = await run();
  const report = await rollbackRestore(context, again);
  expect(report.apiDowntimeMs).toBe(expected(report));
  expect(Math.min(...servers(report).map(({ downAt }) => ms(downAt)))).toBeGreaterThan(ms(finished.endedAt));
});

test('nothing went down where the first step failed', async () => {
  const { world, run, stateDir } = stageIn(base, plan);
  world.fault = ({ kind, way }) =>
    kind === 'check' && way === 'do'
      ? new Failure('node-failed', 'no', { step: 's', member: 'm' })
      : undefined;
  await expect(run()).rejects.toThrow();
  const report = (await readRestore(stateDir, plan.id)).report!;
  expect(report.apiDowntimeMs).toBeNull();
  expect(report.controlPlane.every(({ downAt, readyAt }) => downAt === null && readyAt === null)).toBe(true);
});
