import { expect, test } from 'vitest';
import type { Observed } from '../observer.ts';
import { metricTable } from './metric-table.ts';
import { metricsOf, type ProcessFigures } from './metrics.ts';
import { began, hour, newestAt, ranAt, testPolicy, testState } from './test-world.ts';

const figures: ProcessFigures = {
  version: '1.2.3',
  nodeVersion: 'v24.0.0',
  node: 'cp-1',
  startedAt: began,
  cpuSeconds: 1.5,
  residentBytes: 80_000_000,
  heapBytes: 20_000_000,
  noticesWaiting: 2,
};

function observed(): Observed {
  const { jobs } = testState().policies['prod']!;
  const save = ranAt(5, { code: 's3-unreachable', why: 'connect ECONNREFUSED' });
  return {
    state: testState(
      {
        jobs: { ...jobs, save: { ...save, runs: 7, failures: { 's3-unreachable': 3, 'disk-full': 1 } } },
        newest: { nas: newestAt(4, { drilled: hour(1).toISOString() }), gone: newestAt(0) },
      },
      { queue: { length: 2, oldestAt: hour(4).toISOString() } },
    ),
    policies: [testPolicy(), testPolicy({ name: 'unknown' })],
    now: hour(6),
    running: [{ policy: 'prod', job: 'check', since: hour(6).toISOString() }],
  };
}

test('everything that is measured, in the text format', async () => {
  const text = await metricsOf(observed(), figures);
  expect(text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))).toMatchInlineSnapshot(`
    [
      "holdfast_loop_turned_timestamp_seconds 1772344800",
      "holdfast_queue_copies 2",
      "holdfast_queue_oldest_timestamp_seconds 1772337600",
      "holdfast_configuration_read_timestamp_seconds 1772323200",
      "holdfast_configuration_refused 0",
      "holdfast_state_unwritable 0",
      "holdfast_alert_firing{alert="save-failed",severity="warning",policy="prod",repository=""} 1",
      "holdfast_build_info{version="1.2.3",node_version="v24.0.0"} 1",
      "holdfast_notices_waiting 2",
      "process_start_time_seconds 1772323200",
      "process_cpu_seconds_total 1.5",
      "process_resident_memory_bytes 80000000",
      "nodejs_heap_used_bytes 20000000",
      "holdfast_policy_known_since_timestamp_seconds{policy="prod"} 1772323200",
      "holdfast_policy_rpo_seconds{policy="prod"} 36000",
      "holdfast_policy_paused{policy="prod"} 0",
      "holdfast_policy_next_run_timestamp_seconds{policy="prod"} 1772359200",
      "holdfast_snapshot_required{policy="prod",repository="nas"} 1",
      "holdfast_snapshot_required{policy="prod",repository="s3://bucket/etcd"} 0",
      "holdfast_snapshot_required_since_timestamp_seconds{policy="prod",repository="nas"} 1772323200",
      "holdfast_snapshot_saved_timestamp_seconds{policy="prod",repository="nas"} 1772337600",
      "holdfast_snapshot_stored_timestamp_seconds{policy="prod",repository="nas"} 1772337600",
      "holdfast_snapshot_verified_timestamp_seconds{policy="prod",repository="nas"} 1772337600",
      "holdfast_snapshot_drilled_timestamp_seconds{policy="prod",repository="nas"} 1772326800",
      "holdfast_snapshot_size_bytes{policy="prod",repository="nas"} 4096",
      "holdfast_task_runs_total{policy="prod",task="save"} 7",
      "holdfast_task_runs_total{policy="prod",task="prune"} 0",
      "holdfast_task_runs_total{policy="prod",task="check"} 0",
      "holdfast_task_runs_total{policy="prod",task="drill"} 0",
      "holdfast_task_failures_total{policy="prod",task="save",code="s3-unreachable"} 3",
      "holdfast_task_failures_total{policy="prod",task="save",code="disk-full"} 1",
      "holdfast_task_running{policy="prod",task="save"} 0",
      "holdfast_task_running{policy="prod",task="prune"} 0",
      "holdfast_task_running{policy="prod",task="check"} 1",
      "holdfast_task_running{policy="prod",task="drill"} 0",
      "holdfast_task_last_run_timestamp_seconds{policy="prod",task="save"} 1772341200",
      "holdfast_task_last_duration_seconds{policy="prod",task="save"} 1.5",
      "holdfast_task_last_outcome{policy="prod",task="save",outcome="ok"} 0",
      "holdfast_task_last_outcome{policy="prod",task="save",outcome="partial"} 0",
      "holdfast_task_last_outcome{policy="prod",task="save",outcome="failed"} 1",
    ]
  `);
});

test('names, help and units are as Prometheus wants them', () => {
  for (const [name, { type, help, labels }] of Object.entries(metricTable)) {
    expect(name).toMatch(/^(holdfast|process|nodejs)_[a-z_]+$/);
    expect(name.endsWith('_total')).toBe(type === 'counter');
    expect(name).not.toMatch(/_(ms|milliseconds|minutes|hours|days|kb|mb)$/);
    expect(help).toMatch(/^[A-Z0-9].*\.$/);
    // The last two would be renamed by Prometheus, which sets them itself.
    expect(labels.filter((label) => !/^(?!job$|instance$)[a-z_]+$/.test(label))).toEqual([]);
  }
});

test('a scrape leaves nothing behind: the next one says the same', async () => {
  const first = await metricsOf(observed(), figures);
  expect(await metricsOf(observed(), figures)).toBe(first);
});

test('while it is paused no run is announced, and an end that has passed pauses nothing', async () => {
  expect(await paused(null)).toContain('holdfast_policy_paused{policy="prod"} 1');
  expect(await paused(null)).not.toContain('next_run');
  expect(await paused(hour(6).toISOString())).toContain('holdfast_policy_paused{policy="prod"} 0');
});

test('how a check ended is told as long as there are checks', async () => {
  const { jobs } = testState().policies['prod']!;
  const state = testState({ jobs: { ...jobs, check: ranAt(5, { code: 'disk-full', why: 'no space' }) } });
  const told = async (check: object | null): Promise<string> =>
    metricsOf({ ...observed(), state, policies: [testPolicy({ check })] }, figures);
  const failed = 'holdfast_task_last_outcome{policy="prod",task="check",outcome="failed"} 1';
  expect(await told({ intervalHours: 24 })).toContain(failed);
  expect(await told(null)).not.toContain('holdfast_task_last_outcome');
});

/** What is measured while the policy is paused. */
async function paused(until: string | null): Promise<string> {
  const policy = testPolicy({ pause: { since: hour(0).toISOString(), until, reason: 'moving' } });
  return metricsOf({ ...observed(), policies: [policy] }, figures);
}
