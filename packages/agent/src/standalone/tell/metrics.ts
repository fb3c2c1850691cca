import { type Policy, pauseOf, promisedMs } from '@holdfast/model';
import { Counter, Gauge, Registry } from 'prom-client';
import type { Observed } from '../observer.ts';
import type { PolicyState } from '../state.ts';
import { jobs } from '../state.ts';
import { alertsOf } from './alerts-of.ts';
import { type MetricName, metricTable } from './metric-table.ts';
import { promisedIn } from './promise.ts';
import { nextSave } from './next-save.ts';

/** What is known of the process itself. */
export interface ProcessFigures {
  readonly version: string;
  readonly nodeVersion: string;
  /** The machine's name, by which runs are put off. */
  readonly node: string;
  readonly startedAt: Date;
  readonly cpuSeconds: number;
  readonly residentBytes: number;
  readonly heapBytes: number;
  readonly noticesWaiting: number;
}

type Put = (name: MetricName, value: number, labels?: Readonly<Record<string, string>>) => void;

/**
 * Everything that is measured, in Prometheus's text format. It is made anew from what the daemon remembers, so that
 * counters go on after a restart, and nothing is left of policies and repositories that are gone.
 */
export async function metricsOf(observed: Observed, figures: ProcessFigures): Promise<string> {
  const registry = new Registry();
  const metrics = new Map<MetricName, Gauge | Counter>();
  const put: Put = (name, value, labels = {}) => {
    const { type, help, labels: labelNames } = metricTable[name];
    const made =
      metrics.get(name) ??
      new (type === 'gauge' ? Gauge : Counter)({ name, help, labelNames, registers: [registry] });
    metrics.set(name, made);
    if (made instanceof Gauge) made.set(labels, value);
    else made.inc(labels, value);
  };
  putDaemon(put, observed);
  putProcess(put, figures);
  for (const policy of observed.policies) {
    const known = observed.state.policies[policy.name];
    if (known === undefined) continue;
    putPolicy(put, policy, known, observed, figures.node);
    putSnapshots(put, policy, known);
    putJobs(put, policy, known, observed);
  }
  return registry.metrics();
}

function putDaemon(put: Put, { state, policies, now }: Observed): void {
  put('holdfast_loop_turned_timestamp_seconds', now.getTime() / 1000);
  put('holdfast_queue_copies', state.queue.length);
  putTime(put, 'holdfast_queue_oldest_timestamp_seconds', state.queue.oldestAt);
  putTime(put, 'holdfast_configuration_read_timestamp_seconds', state.configuration.readAt);
  put('holdfast_configuration_refused', state.configuration.refused === null ? 0 : 1);
  put('holdfast_state_unwritable', state.unwritable === null ? 0 : 1);
  for (const { kind, severity, policy, repository } of alertsOf(state, policies, now))
    put('holdfast_alert_firing', 1, {
      alert: kind,
      severity,
      policy: policy ?? '',
      repository: repository ?? '',
    });
}

function putProcess(put: Put, figures: ProcessFigures): void {
  put('holdfast_build_info', 1, { version: figures.version, node_version: figures.nodeVersion });
  put('holdfast_notices_waiting', figures.noticesWaiting);
  put('process_start_time_seconds', figures.startedAt.getTime() / 1000);
  put('process_cpu_seconds_total', figures.cpuSeconds);
  put('process_resident_memory_bytes', figures.residentBytes);
  put('nodejs_heap_used_bytes', figures.heapBytes);
}

function putPolicy(
  put: Put,
  policy: Policy,
  known: PolicyState,
  { now, running }: Observed,
  node: string,
): void {
  const labels = { policy: policy.name };
  const promised = promisedMs(policy, now);
  putTime(put, 'holdfast_policy_known_since_timestamp_seconds', known.knownSince, labels);
  if (promised !== null) put('holdfast_policy_rpo_seconds', promised / 1000, labels);
  const paused = pauseOf(policy, now) !== null;
  put('holdfast_policy_paused', paused ? 1 : 0, labels);
  const next = paused
    ? null
    : nextSave(policy, known, {
        now,
        node,
        running: running.some((each) => each.policy === policy.name && each.job === 'save'),
      });
  putTime(put, 'holdfast_policy_next_run_timestamp_seconds', next, labels);
}

function putSnapshots(put: Put, policy: Policy, known: PolicyState): void {
  const { name, targets } = policy;
  const promised = promisedIn(policy, known);
  for (const { repository } of targets) {
    const labels = { policy: name, repository };
    const isRequired = promised.includes(repository);
    put('holdfast_snapshot_required', isRequired ? 1 : 0, labels);
    const found = known.newest[repository];
    if (isRequired) {
      const since = found?.knownSince ?? known.knownSince;
      putTime(put, 'holdfast_snapshot_required_since_timestamp_seconds', since, labels);
    }
    if (found === undefined) continue;
    for (const state of ['saved', 'stored', 'verified', 'drilled'] as const)
      putTime(put, `holdfast_snapshot_${state}_timestamp_seconds`, found[state], labels);
    if (found.bytes !== null) put('holdfast_snapshot_size_bytes', found.bytes, labels);
  }
}

function putJobs(put: Put, policy: Policy, known: PolicyState, { running }: Observed): void {
  const { name } = policy;
  for (const job of jobs) {
    const labels = { policy: name, task: job };
    const { last, lastOkAt, failures, runs } = known.jobs[job];
    put('holdfast_task_runs_total', runs, labels);
    for (const [code, count] of Object.entries(failures))
      put('holdfast_task_failures_total', count, { ...labels, code });
    put(
      'holdfast_task_running',
      running.some((each) => each.policy === name && each.job === job) ? 1 : 0,
      labels,
    );
    putTime(put, 'holdfast_task_last_success_timestamp_seconds', lastOkAt, labels);
    if (last === null) continue;
    putTime(put, 'holdfast_task_last_run_timestamp_seconds', last.endedAt, labels);
    put('holdfast_task_last_duration_seconds', last.durationMs / 1000, labels);
    // A failure of what is not run any more would never end.
    if ((job === 'check' || job === 'drill') && policy[job] === null) continue;
    for (const outcome of ['ok', 'partial', 'failed'] as const)
      put('holdfast_task_last_outcome', outcome === last.outcome ? 1 : 0, { ...labels, outcome });
  }
}

function putTime(
  put: Put,
  name: MetricName,
  time: string | null,
  labels?: Readonly<Record<string, string>>,
): void {
  if (time !== null) put(name, Date.parse(time) / 1000, labels);
}
