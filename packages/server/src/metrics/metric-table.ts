/**
 * The names of all metrics of the server, with what each tells and its labels; beside them stand those of the process, as
 * prom-client names them. `deploy/dashboards` may name no other.
 */
export const serverMetricTable = {
  holdfast_server_build_info: {
    type: 'gauge',
    help: 'Always 1; the version stands in the labels.',
    labels: ['version'],
  },
  holdfast_fleet_clusters: {
    type: 'gauge',
    help: 'Clusters by how their etcd is, as agents tell.',
    labels: ['health'],
  },
  holdfast_fleet_nodes: {
    type: 'gauge',
    help: 'Nodes by whether their agent was heard within 45 seconds.',
    labels: ['connected'],
  },
  holdfast_fleet_clusters_without_verified: {
    type: 'gauge',
    help: 'Clusters that have no verified snapshot at all.',
    labels: [],
  },
  holdfast_fleet_newest_verified_timestamp_seconds: {
    type: 'gauge',
    help: 'Of when the newest verified snapshot of the cluster is. Absent for all where there are more clusters than may be labels.',
    labels: ['cluster'],
  },
  holdfast_fleet_oldest_newest_verified_timestamp_seconds: {
    type: 'gauge',
    help: 'Of when the newest verified snapshot is of the cluster whose newest is the oldest. Absent while no cluster has one.',
    labels: [],
  },
  holdfast_fleet_snapshots: {
    type: 'gauge',
    help: 'Indexed snapshots by repository.',
    labels: ['repository'],
  },
  holdfast_fleet_stored_bytes: {
    type: 'gauge',
    help: 'Bytes of indexed snapshots by repository, as they are stored.',
    labels: ['repository'],
  },
  holdfast_fleet_repository_reachable: {
    type: 'gauge',
    help: '1 where the last look at the repository went well, 0 where it did not. Absent where the server never looked.',
    labels: ['repository'],
  },
  holdfast_fleet_alerts_open: { type: 'gauge', help: 'Open alerts.', labels: ['kind', 'severity'] },
  holdfast_fleet_receivers_failing: {
    type: 'gauge',
    help: 'Receivers that did not take what they were told last.',
    labels: [],
  },
  holdfast_fleet_orders_open: { type: 'gauge', help: 'Orders that have no outcome yet.', labels: [] },
  holdfast_fleet_operations_total: {
    type: 'counter',
    help: 'Operations that came to an end on this replica.',
    labels: ['kind', 'outcome'],
  },
  holdfast_fleet_start_lateness_seconds: {
    type: 'histogram',
    help: 'Seconds from when an operation was due to when it began, where a schedule asked for it.',
    labels: ['kind'],
    buckets: [0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 900, 3600],
  },
  holdfast_server_sync_requests_total: {
    type: 'counter',
    help: 'Requests by which agents synchronised with this replica.',
    labels: ['status'],
  },
  holdfast_server_http_request_seconds: {
    type: 'histogram',
    help: 'Seconds to answer a request, waiting for news included.',
    labels: ['method', 'route', 'status'],
    buckets: [0.005, 0.02, 0.1, 0.5, 2, 10, 60],
  },
  holdfast_server_store_seconds: {
    type: 'histogram',
    help: 'Seconds that the database took to answer a call, waiting for its turn included.',
    labels: ['table'],
    buckets: [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10],
  },
  holdfast_server_alert_evaluation_seconds: {
    type: 'histogram',
    help: 'Seconds that an evaluation of all alerts took, on the replica that leads.',
    labels: [],
    buckets: [0.05, 0.2, 0.5, 1, 2, 5, 10, 30],
  },
  holdfast_server_alert_evaluated_timestamp_seconds: {
    type: 'gauge',
    help: 'When this replica last evaluated the alerts. Absent where it never has: another one leads.',
    labels: [],
  },
} as const satisfies Record<string, Metric>;

interface Metric {
  readonly type: 'gauge' | 'counter' | 'histogram';
  readonly help: string;
  readonly labels: readonly string[];
  /** Of a histogram: upper bounds, in its unit. */
  readonly buckets?: readonly number[];
}

export type MetricName = keyof typeof serverMetricTable;
