/**
 * The names of all metrics, with what each tells and its labels. `deploy/dashboards` may name no other. What the daemon calls
 * a job is a task here: `job` and `instance` are labels that Prometheus itself sets.
 */
export const metricTable = {
  holdfast_build_info: {
    type: 'gauge',
    help: 'Always 1; the version stands in the labels.',
    labels: ['version', 'node_version'],
  },
  holdfast_loop_turned_timestamp_seconds: {
    type: 'gauge',
    help: 'When the daemon last looked whether something is due.',
    labels: [],
  },
  holdfast_policy_known_since_timestamp_seconds: {
    type: 'gauge',
    help: 'Since when the daemon has known the policy.',
    labels: ['policy'],
  },
  holdfast_policy_rpo_seconds: {
    type: 'gauge',
    help: 'How old the newest verified snapshot of the policy may be. Absent where nothing is promised.',
    labels: ['policy'],
  },
  holdfast_policy_paused: {
    type: 'gauge',
    help: '1 while the policy is paused, else 0.',
    labels: ['policy'],
  },
  holdfast_policy_next_run_timestamp_seconds: {
    type: 'gauge',
    help: 'When the next save of the policy is due. Absent while it is paused or has no schedule.',
    labels: ['policy'],
  },
  holdfast_snapshot_saved_timestamp_seconds: {
    type: 'gauge',
    help: 'Of when the newest snapshot of the policy is, wherever it is stored.',
    labels: ['policy', 'repository'],
  },
  holdfast_snapshot_stored_timestamp_seconds: {
    type: 'gauge',
    help: 'Of when the newest snapshot is that is stored in the repository.',
    labels: ['policy', 'repository'],
  },
  holdfast_snapshot_verified_timestamp_seconds: {
    type: 'gauge',
    help: 'Of when the newest snapshot is that was verified in the repository.',
    labels: ['policy', 'repository'],
  },
  holdfast_snapshot_drilled_timestamp_seconds: {
    type: 'gauge',
    help: 'Of when the newest snapshot is that a drill restored from the repository.',
    labels: ['policy', 'repository'],
  },
  holdfast_snapshot_size_bytes: {
    type: 'gauge',
    help: 'Bytes that the newest snapshot takes in the repository.',
    labels: ['policy', 'repository'],
  },
  holdfast_snapshot_required: {
    type: 'gauge',
    help: '1 where the newest snapshot of the policy has to be in the repository, else 0.',
    labels: ['policy', 'repository'],
  },
  holdfast_snapshot_required_since_timestamp_seconds: {
    type: 'gauge',
    help: 'Since when it has to be there. Absent where it has not.',
    labels: ['policy', 'repository'],
  },
  holdfast_task_runs_total: {
    type: 'counter',
    help: 'Runs of a job that have ended, whatever became of them.',
    labels: ['policy', 'task'],
  },
  holdfast_task_failures_total: {
    type: 'counter',
    help: 'Failures of a job by code of the failure table.',
    labels: ['policy', 'task', 'code'],
  },
  holdfast_task_last_run_timestamp_seconds: {
    type: 'gauge',
    help: 'When the last run of the job ended.',
    labels: ['policy', 'task'],
  },
  holdfast_task_last_success_timestamp_seconds: {
    type: 'gauge',
    help: 'When the last run of the job ended that did not fail.',
    labels: ['policy', 'task'],
  },
  holdfast_task_last_duration_seconds: {
    type: 'gauge',
    help: 'How long the last run of the job took.',
    labels: ['policy', 'task'],
  },
  holdfast_task_last_outcome: {
    type: 'gauge',
    help: '1 for how the last run of the job ended, 0 for the other outcomes. Absent for checks and drills that have no schedule.',
    labels: ['policy', 'task', 'outcome'],
  },
  holdfast_task_running: { type: 'gauge', help: '1 while the job runs, else 0.', labels: ['policy', 'task'] },
  holdfast_queue_copies: { type: 'gauge', help: 'Copies that wait in the queue.', labels: [] },
  holdfast_queue_oldest_timestamp_seconds: {
    type: 'gauge',
    help: 'Since when the oldest copy has waited. Absent while none waits.',
    labels: [],
  },
  holdfast_configuration_read_timestamp_seconds: {
    type: 'gauge',
    help: 'When the policies that are in use were read.',
    labels: [],
  },
  holdfast_configuration_refused: {
    type: 'gauge',
    help: '1 while the policy file is refused and an older one is in use, else 0.',
    labels: [],
  },
  holdfast_state_unwritable: {
    type: 'gauge',
    help: '1 while what the daemon remembers cannot be written, else 0.',
    labels: [],
  },
  holdfast_alert_firing: {
    type: 'gauge',
    help: '1 for each alert that fires.',
    labels: ['alert', 'severity', 'policy', 'repository'],
  },
  holdfast_notices_waiting: {
    type: 'gauge',
    help: 'Notices that the webhook has not taken yet.',
    labels: [],
  },
  process_start_time_seconds: { type: 'gauge', help: 'When the process was started.', labels: [] },
  process_cpu_seconds_total: { type: 'counter', help: 'Processor time of the process.', labels: [] },
  process_resident_memory_bytes: { type: 'gauge', help: 'Resident memory of the process.', labels: [] },
  nodejs_heap_used_bytes: { type: 'gauge', help: 'Used heap of the process.', labels: [] },
} as const satisfies Record<
  string,
  { readonly type: 'gauge' | 'counter'; readonly help: string; readonly labels: readonly string[] }
>;
export type MetricName = keyof typeof metricTable;
