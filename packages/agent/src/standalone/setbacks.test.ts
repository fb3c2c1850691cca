import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Failure } from '@holdfast/base';
import { expect, test } from 'vitest';
import { reportRun, takeReports } from './run-report.ts';
import { policyOf, World } from './testing/world.ts';

const minute = 60_000;
const hour = 60 * minute;

test('what was refused for a reason that lies elsewhere is taken as soon as that is gone', async () => {
  using world = new World('2026-11-20T09:59:30Z');
  void world.start();
  await world.go(minute);
  world.refusal = new Failure('file-unreadable', 'too many open files', { path: 'policies.yaml' });
  world.stamp = 1;
  await world.go(minute);
  world.refusal = undefined;
  await world.go(minute);
  expect(world.observed!.state.configuration.refused).toBe(null);
  expect(world.said('policies-refused')).toHaveLength(1);
  await world.end();
});

test('a bug in reading the policies is told of and ends nothing', async () => {
  using world = new World('2026-11-20T09:59:30Z');
  void world.start();
  await world.go(20_000);
  world.refusal = new TypeError('a bug') as unknown as Failure;
  world.stamp = 1;
  await world.go(hour + minute);
  expect(world.work.times('save')).toHaveLength(2);
  expect(world.said('not-done')[0]).toContain('a bug');
  world.refusal = undefined;
  world.stamp = 2;
  await world.end();
});

test('a drill in which the process ended is not begun again at once: it may be what ended it', async () => {
  using world = new World('2026-11-20T09:59:30Z', policyOf({ drill: { cron: '5 * * * *' } }));
  const at = '2026-11-20T09:00:00.000Z';
  world.work.found = { scheduledAt: at, newest: { stored: at, verified: at } };
  world.work.comes.drill = ['hang'];
  void world.start();
  await world.go(7 * minute);
  await world.end();
  void world.start();
  await world.go(9 * minute);
  expect(world.work.times('drill')).toHaveLength(1);
  await world.go(2 * minute);
  expect(world.work.times('drill')).toHaveLength(2);
  expect(world.observed!.state.policies['hourly']!.jobs.drill).toMatchObject({ unfinished: false, runs: 1 });
  await world.end();
});

test('while a save lacks room, what was marked before goes, for two days; with any other failure nothing does', async () => {
  using world = new World('2026-11-20T09:59:30Z');
  void world.start();
  await world.go(minute);
  const full = new Failure('not-enough-space', 'none is left', { path: 'here' });
  const away = new Failure('etcd-unreachable', 'refused');
  world.work.comes.save = [full, full, ...Array.from({ length: 8 }, () => away)];
  await world.go(hour + 10 * minute);
  expect(world.work.times('prune').map((at) => at.slice(11, 16))).toEqual(['10:00', '11:00', '11:01']);
  world.work.comes.save = Array.from({ length: 8 }, () => full);
  world.clock.set(48 * hour);
  await world.go(10 * minute);
  expect(world.work.times('save').length).toBeGreaterThan(6);
  expect(world.work.times('prune')).toHaveLength(3);
  await world.end();
});

test('a torn state is set aside by the daemon alone, and a report stays until it is entered', async () => {
  using world = new World('2026-11-20T09:59:30Z');
  void world.start();
  await world.go(minute);
  await world.end();
  const file = join(world.stateDir, 'agent', 'state.json');
  writeFileSync(file, '{"apiVersion": "hold');
  const at = '2026-11-20T10:00:20.000Z';
  const run = { startedAt: at, endedAt: at, outcome: 'ok', failure: null, durationMs: 5 } as const;
  await reportRun(world.stateDir, { policy: 'hourly', run, newest: {} }, world.clock.now());
  expect(readFileSync(file, 'utf8')).toBe('{"apiVersion": "hold');
  const reports = join(world.stateDir, 'agent', 'reports');
  const entering = takeReports(world.stateDir, () => Promise.reject(new Error('killed')));
  await expect(entering).rejects.toThrow('killed');
  expect(readdirSync(reports)).toHaveLength(1);
  void world.start();
  await world.go(minute);
  expect(world.said('state-lost')).toHaveLength(1);
  expect(world.observed!.state.policies['hourly']!.jobs.save.lastOkAt).toBe(at);
  expect(readdirSync(reports)).toEqual([]);
  await world.end();
});
