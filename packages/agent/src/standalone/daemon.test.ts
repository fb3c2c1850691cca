import { mkdirSync, readdirSync, readFileSync, rmdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Failure } from '@holdfast/base';
import { expect, test } from 'vitest';
import { holdRuns } from './run-lock.ts';
import { reportRun } from './run-report.ts';
import { DaemonState } from './state.ts';
import { policyOf, World } from './testing/world.ts';

const minute = 60_000;
const hour = 60 * minute;

test('each scheduled time is saved once, and pruned after it', async () => {
  using world = new World('2026-11-20T09:30:00Z');
  void world.start();
  await world.go(3 * hour);
  const hours = ['2026-11-20T10:00:00.000Z', '2026-11-20T11:00:00.000Z', '2026-11-20T12:00:00.000Z'];
  expect(world.work.times('save')).toEqual(hours);
  expect(world.work.times('prune')).toEqual(hours);
  await world.end();
  const file = join(world.stateDir, 'agent', 'state.json');
  const state = DaemonState.parse(JSON.parse(readFileSync(file, 'utf8')));
  expect(state.policies['hourly']!.jobs.save).toMatchObject({
    runs: 3,
    lastScheduled: hours[2],
    unfinished: false,
  });
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(statSync(join(world.stateDir, 'agent')).mode & 0o777).toBe(0o700);
});

test('a save that fails is tried again after 1, 2, 4, 8 and 15 minutes, counts once, and ends with the next time', async () => {
  using world = new World('2026-11-20T09:59:00Z');
  world.work.comes.save = Array.from({ length: 7 }, () => new Failure('etcd-unreachable', 'refused'));
  void world.start();
  await world.go(59 * minute);
  const minutes = world.work.times('save').map((at) => at.slice(14, 16));
  expect(minutes).toEqual(['00', '01', '03', '07', '15', '30', '45']);
  const job = () => world.observed!.state.policies['hourly']!.jobs.save;
  expect(job()).toMatchObject({ runs: 1, failures: { 'etcd-unreachable': 1 }, last: { outcome: 'failed' } });
  expect(world.work.times('prune')).toEqual([]);
  await world.go(5 * minute);
  expect(world.work.times('save').at(-1)).toBe('2026-11-20T11:00:00.000Z');
  expect(job()).toMatchObject({ runs: 2, last: { outcome: 'ok' } });
  await world.end();
});

test('an etcd is asked for one snapshot at a time, and every policy has its turn', async () => {
  const names = ['a', 'b', 'c'];
  using world = new World('2026-11-20T09:59:30Z', ...names.map((name) => policyOf({ name })));
  void world.start();
  await world.go(hour + minute);
  expect(world.work.mostSaving).toBe(1);
  for (const name of names) expect(world.work.times('save', name)).toHaveLength(2);
  await world.end();
});

test('a check that takes hours keeps no save, prune or copy waiting', async () => {
  using world = new World('2026-11-20T09:59:30Z', policyOf({ check: { cron: '30 * * * *' } }));
  world.work.comes.check = ['hang'];
  void world.start();
  await world.go(3 * hour);
  expect(world.work.times('save')).toHaveLength(4 - 1);
  expect(world.work.times('prune')).toHaveLength(3);
  expect(world.observed!.running).toMatchObject([{ job: 'check' }]);
  const at = world.clock.now().toISOString();
  world.work.waits = { length: 1, oldestAt: at, nextAt: at };
  await world.go(minute);
  expect(world.work.times('copy').length).toBeGreaterThan(0);
  await world.end();
});

test('killed between the record and the save, it is done by the next daemon; killed after it, it is not done twice', async () => {
  using world = new World('2026-11-20T09:59:30Z');
  world.work.comes.save = ['hang'];
  void world.start();
  await world.go(2 * minute);
  await world.end();
  expect(world.work.times('save')).toEqual(['2026-11-20T10:00:00.000Z']);
  void world.start();
  await world.go(minute);
  expect(world.work.times('save')).toHaveLength(2);
  expect(world.observed!.state.policies['hourly']!.jobs.save.lastScheduled).toBe('2026-11-20T10:00:00.000Z');
  world.work.comes.save = ['hang'];
  await world.go(hour);
  await world.end();
  world.work.found = { scheduledAt: null, newest: { stored: '2026-11-20T11:00:03.000Z' } };
  void world.start();
  await world.go(minute);
  expect(world.work.times('save')).toHaveLength(3);
  expect(world.said('run-found')).toHaveLength(1);
  await world.end();
});

test('SIGTERM ends a save within seconds, and it leaves no verdict', async () => {
  using world = new World('2026-11-20T09:59:30Z');
  world.work.comes.save = ['hang'];
  const running = world.start();
  await world.go(minute);
  await world.end();
  await expect(running).resolves.toBeUndefined();
  expect(world.observed!.state.policies['hourly']!.jobs.save).toMatchObject({
    last: null,
    unfinished: true,
    runs: 0,
  });
});

test('a state that is torn is set aside, and the last scheduled time is known from the repositories', async () => {
  using world = new World('2026-11-20T09:59:30Z');
  void world.start();
  await world.go(minute);
  await world.end();
  writeFileSync(join(world.stateDir, 'agent', 'state.json'), '{"apiVersion": "hold');
  const at = '2026-11-20T10:00:01.000Z';
  world.work.found = { scheduledAt: at, newest: { stored: at, verified: at } };
  void world.start();
  await world.go(2 * minute);
  expect(world.said('state-lost')).toHaveLength(1);
  expect(readdirSync(join(world.stateDir, 'agent')).filter((name) => name.includes('damaged'))).toHaveLength(
    1,
  );
  expect(world.work.times('save')).toHaveLength(1);
  await world.go(hour);
  expect(world.work.times('save')).toHaveLength(2);
  await world.end();
});

test('a bad policy file is refused and the old one kept, also through a restart; the mended one is taken', async () => {
  using world = new World('2026-11-20T09:59:30Z');
  void world.start();
  await world.go(minute);
  world.refusal = new Failure('policy-invalid', 'line 3: no', { path: 'policies.yaml' });
  world.stamp = 1;
  await world.go(minute);
  expect(world.observed!.state.configuration.refused).toContain('line 3');
  expect(world.said('policies-refused')).toHaveLength(1);
  await world.end();
  void world.start();
  await world.go(hour);
  expect(world.work.times('save')).toHaveLength(2);
  expect(world.said('policies-refused')).toHaveLength(2);
  world.refusal = undefined;
  world.policies = [policyOf({ schedule: { cron: '*/10 * * * *' } })];
  world.reload();
  await world.go(30 * minute);
  expect(world.observed!.state.configuration.refused).toBe(null);
  expect(world.work.times('save')).toHaveLength(5);
  await world.end();
});

test('without any policies that could be used it does not start', async () => {
  using world = new World('2026-11-20T09:59:30Z');
  world.refusal = new Failure('policy-invalid', 'line 3: no', { path: 'policies.yaml' });
  await expect(world.start()).rejects.toMatchObject({ code: 'policy-invalid' });
});

test('what has failed is not tried again once its schedule is taken away', async () => {
  using world = new World('2026-11-20T09:59:30Z');
  world.work.comes.save = Array.from({ length: 9 }, () => new Failure('etcd-unreachable', 'refused'));
  void world.start();
  await world.go(2 * minute);
  const saves = world.work.times('save').length;
  world.policies = [policyOf({ schedule: null })];
  world.reload();
  await world.go(hour);
  expect(world.work.times('save')).toHaveLength(saves);
  await world.end();
});

test('a policy that was removed and is made again is saved again', async () => {
  using world = new World('2026-11-20T09:59:30Z');
  void world.start();
  await world.go(minute);
  const { policies } = world;
  for (const next of [[], policies]) {
    world.policies = next;
    world.stamp += 1;
    await world.go(minute);
  }
  await world.go(hour);
  expect(world.work.times('save')).toHaveLength(2);
  await world.end();
});

test('a repository that a policy is given later is looked into, and known since then', async () => {
  using world = new World('2026-11-20T09:59:30Z');
  void world.start();
  await world.go(minute);
  const at = '2026-11-20T09:00:00.000Z';
  world.work.found = { scheduledAt: null, newest: { stored: at, verified: at } };
  world.policies = [policyOf({ targets: [{ repository: 'there' }] })];
  world.stamp += 1;
  await world.go(minute);
  expect(world.observed!.state.policies['hourly']!.newest).toEqual({
    there: expect.objectContaining({ verified: at, knownSince: '2026-11-20T10:00:40.000Z' }) as unknown,
  });
  const run = { startedAt: at, endedAt: at, outcome: 'ok', failure: null, durationMs: 5 } as const;
  const newest = { there: { passing: true } };
  await reportRun(world.stateDir, { policy: 'hourly', run, newest }, world.clock.now());
  await world.go(20_000);
  expect(world.observed!.state.policies['hourly']!.newest['there']).toMatchObject({
    passing: true,
    knownSince: '2026-11-20T10:00:40.000Z',
  });
  await world.end();
});

test('one daemon works with a state folder', async () => {
  using world = new World('2026-11-20T09:59:30Z');
  void world.start();
  await world.go(minute);
  using other = new World('2026-11-20T09:59:30Z');
  rmdirSync(other.stateDir);
  Object.assign(other, { stateDir: world.stateDir });
  const refused = expect(other.start()).rejects.toMatchObject({ code: 'agent-running' });
  await other.go(10_000);
  await refused;
  await world.end();
});

test('a clock that is set forward or back leaves no gap and doubles nothing', async () => {
  using world = new World('2026-11-20T09:59:30Z');
  void world.start();
  await world.go(hour);
  world.clock.set(3 * hour);
  await world.go(30 * minute);
  expect(world.said('clock-set')).toEqual(['the clock went 3h00m forward: it was set, or the machine slept']);
  const saves = world.work.times('save').length;
  world.clock.set(-3 * hour);
  await world.go(3 * hour);
  // One at once, since nobody knows how old the newest one is; then each hour by the clock as it is.
  expect(world.work.times('save').length).toBe(saves + 4);
  await world.end();
});

test('nothing is saved while a policy is paused, and the pause ends by itself', async () => {
  const pause = { since: '2026-11-20T09:00:00Z', until: '2026-11-20T12:30:00Z', reason: 'maintenance' };
  using world = new World('2026-11-20T09:59:30Z', policyOf({ pause }));
  void world.start();
  await world.go(2 * hour);
  expect(world.work.times('save')).toEqual([]);
  await world.go(hour);
  expect(world.work.times('save')).toHaveLength(1);
  await world.end();
});

test('a save that somebody runs counts, and is waited for', async () => {
  using world = new World('2026-11-20T09:59:30Z');
  world.work.comes.save = [new Failure('etcd-unreachable', 'refused')];
  void world.start();
  await world.go(minute);
  const at = '2026-11-20T10:00:20.000Z';
  const run = { startedAt: at, endedAt: at, outcome: 'ok', failure: null, durationMs: 5 } as const;
  const newest = { here: { stored: at, verified: at } };
  await reportRun(world.stateDir, { policy: 'hourly', run, newest }, world.clock.now());
  await world.go(20_000);
  const known = world.observed!.state.policies['hourly']!;
  expect(known.jobs.save).toMatchObject({ last: { outcome: 'ok' }, lastOkAt: at, runs: 2 });
  expect(known.newest['here']).toMatchObject({ verified: at, saved: at });
  const saves = world.work.times('save').length;
  const release = await holdRuns(world.stateDir, world.clock, {
    signal: new AbortController().signal,
    onWait: () => {},
  });
  await world.go(hour);
  expect(world.work.times('save')).toHaveLength(saves);
  await release();
  await world.go(minute);
  expect(world.work.times('save')).toHaveLength(saves + 1);
  await world.end();
});

test('copies that wait are made when they are due, and a queue that stands still is not run in circles', async () => {
  using world = new World('2026-11-20T09:10:00Z');
  world.work.waits = { length: 1, oldestAt: '2026-11-20T08:00:00.000Z', nextAt: '2026-11-20T09:20:00.000Z' };
  void world.start();
  await world.go(20 * minute);
  expect(world.work.times('copy')[0]).toBe('2026-11-20T09:20:00.000Z');
  expect(world.work.times('copy').length).toBeLessThan(70);
  expect(world.observed!.state.queue).toEqual({ length: 1, oldestAt: '2026-11-20T08:00:00.000Z' });
  await world.end();
});

test('a state that cannot be written keeps nothing from being saved, is told loudly, and is written when it can be', async () => {
  using world = new World('2026-11-20T09:59:30Z');
  void world.start();
  await world.go(20_000);
  const obstacle = join(world.stateDir, 'agent', 'state.json.new');
  mkdirSync(join(obstacle, 'full'), { recursive: true });
  await world.go(hour + minute);
  expect(world.work.times('save')).toHaveLength(2);
  expect(world.observed!.state.unwritable).toContain('state.json');
  expect(world.said('state-unwritable')).toHaveLength(1);
  rmdirSync(join(obstacle, 'full'));
  rmdirSync(obstacle);
  await world.go(minute);
  expect(world.observed!.state.unwritable).toBe(null);
  expect(world.said('state-written')).toHaveLength(1);
  await world.end();
});

test('without catching up, what was missed is said once and left out', async () => {
  using world = new World('2026-11-20T09:59:30Z', policyOf({ catchUp: false }));
  void world.start();
  await world.go(minute);
  await world.end();
  world.clock.set(2.5 * hour);
  void world.start();
  await world.go(10 * minute);
  expect(world.work.times('save')).toHaveLength(1);
  expect(world.said('run-skipped')).toEqual([expect.stringContaining('2 missed runs')]);
  await world.go(hour);
  expect(world.work.times('save')).toHaveLength(2);
  await world.end();
});

test('nothing that a job throws ends the daemon', async () => {
  using world = new World('2026-11-20T09:59:30Z');
  world.work.comes.save = [new TypeError('a bug') as Failure];
  void world.start();
  await world.go(5 * minute);
  const { last, failures } = world.observed!.state.policies['hourly']!.jobs.save;
  expect(failures).toEqual({ internal: 1 });
  expect(last).toMatchObject({ outcome: 'ok' });
  await world.end();
});
