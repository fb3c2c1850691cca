import type { FleetSnapshot, Operation } from '@holdfast/model/fleet';
import { expect, onTestFinished, test } from 'vitest';
import { testContext, type TestContext } from '../testing/context.ts';
import { makeMetrics } from './make-metrics.ts';
import { serverMetricTable } from './metric-table.ts';

async function world(): Promise<TestContext> {
  const context = await testContext();
  onTestFinished(() => context[Symbol.asyncDispose]());
  const { store } = context;
  const createdAt = context.clock.now().toISOString();
  for (const [id, name] of [
    ['c-11111', 'prod'],
    ['c-22222', 'test'],
  ] as const) {
    await store.clusters.create({
      id,
      spec: { name, description: '', distribution: 'etcd', repositories: [], approvals: 0 },
      createdAt,
    });
  }
  await store.nodes.create({
    ...{ id: 'n-11111', cluster: 'c-11111', name: 'cp-1', joinedAt: createdAt, certificateNotAfter: null },
  });
  await store.snapshots.put({ cluster: 'c-11111', repository: 'main' }, [snapshot()], 'whole');
  return context;
}

function snapshot(): FleetSnapshot {
  return {
    ...{ id: 'main:one', name: 'one', cluster: 'c-11111', repository: 'main', repositoryCluster: 'x' },
    ...{
      state: 'verified',
      drilledAt: null,
      degraded: false,
      trusted: true,
      sealed: false,
      trigger: 'manual',
    },
    ...{ policy: null, revision: 1, etcdVersion: '3.6.0', kubernetesVersion: null, node: null, member: 'm1' },
    ...{ size: 10, storedBytes: 5, sha256: '0'.repeat(64), pinned: false, missing: false },
    ...{ startedAt: '2026-11-22T09:00:00.000Z', finishedAt: '2026-11-22T09:00:00.000Z' },
  };
}

function operation(changes: Partial<Operation> = {}): Operation {
  return {
    ...{
      id: 'op-11111',
      kind: 'save',
      cluster: 'c-11111',
      state: 'waiting',
      phase: null,
      why: '',
      steps: [],
    },
    ...{ policy: 'p', trigger: 'schedule', scheduledFor: '2026-11-22T10:00:00.000Z', requestedBy: 'server' },
    ...{
      approvals: [],
      approvalsNeeded: 0,
      node: null,
      createdAt: '2026-11-22T10:00:01.000Z',
      startedAt: null,
    },
    ...{ endedAt: null, input: {}, result: null, failure: null },
    ...changes,
  };
}

/** The lines of our own metrics but those of how long the store took. */
function own(text: string): string[] {
  return text
    .split('\n')
    .filter((line) => line.startsWith('holdfast_') && !/store_seconds|_bucket|_sum/.test(line));
}

test('everything that is measured of the fleet', async () => {
  const context = await world();
  const metrics = makeMetrics(context);
  const { operations } = metrics.store;
  await operations.create(operation());
  await operations.change('op-11111', null, { state: 'running', startedAt: '2026-11-22T10:00:04.000Z' });
  await operations.change('op-11111', null, { state: 'failed', endedAt: '2026-11-22T10:01:00.000Z' });
  metrics.answered({ method: 'POST', route: '/agent/v1/sync', status: 200, seconds: 0.3 });
  metrics.answered({ method: 'GET', route: null, status: 404, seconds: 0.1 });
  metrics.evaluated(0.2);
  expect(own(await metrics.text())).toMatchInlineSnapshot(`
    [
      "holdfast_server_build_info{version="0.0.0-test"} 1",
      "holdfast_fleet_clusters{health="healthy"} 0",
      "holdfast_fleet_clusters{health="degraded"} 0",
      "holdfast_fleet_clusters{health="lost"} 0",
      "holdfast_fleet_clusters{health="unknown"} 2",
      "holdfast_fleet_nodes{connected="yes"} 0",
      "holdfast_fleet_nodes{connected="no"} 1",
      "holdfast_fleet_clusters_without_verified 1",
      "holdfast_fleet_newest_verified_timestamp_seconds{cluster="prod"} 1795338000",
      "holdfast_fleet_oldest_newest_verified_timestamp_seconds 1795338000",
      "holdfast_fleet_snapshots{repository="main"} 1",
      "holdfast_fleet_stored_bytes{repository="main"} 5",
      "holdfast_fleet_receivers_failing 0",
      "holdfast_fleet_orders_open 0",
      "holdfast_fleet_operations_total{kind="save",outcome="failed"} 1",
      "holdfast_fleet_start_lateness_seconds_count{kind="save"} 1",
      "holdfast_server_sync_requests_total{status="2xx"} 1",
      "holdfast_server_http_request_seconds_count{method="POST",route="/agent/v1/sync",status="2xx"} 1",
      "holdfast_server_http_request_seconds_count{method="GET",route="none",status="4xx"} 1",
      "holdfast_server_alert_evaluation_seconds_count 1",
      "holdfast_server_alert_evaluated_timestamp_seconds 1795341600",
    ]
  `);
  expect(await metrics.text()).toContain('holdfast_fleet_start_lateness_seconds_sum{kind="save"} 4');
});

test('with more clusters than may be labels none is, and the oldest is still told', async () => {
  const text = await makeMetrics(await world(), { clusterLabels: 1 }).text();
  expect(text).not.toContain('holdfast_fleet_newest_verified_timestamp_seconds{');
  expect(text).toMatch(/^holdfast_fleet_oldest_newest_verified_timestamp_seconds 1795338000$/m);
});

test('figures are read from the store once in a while, whoever asks how often', async () => {
  const context = await world();
  const metrics = makeMetrics(context);
  await Promise.all([metrics.text(), metrics.text()]);
  await context.store.clusters.remove('c-22222');
  expect(await metrics.text()).toContain('holdfast_fleet_clusters{health="unknown"} 2');
  context.clock.advance(20_000);
  expect(await metrics.text()).toContain('holdfast_fleet_clusters{health="unknown"} 1');
});

test('every metric that is told stands in the table, with its help', async () => {
  const text = await makeMetrics(await world()).text();
  const told = [...text.matchAll(/^# TYPE (holdfast_\w+) (\w+)$/gm)].map(([, name, type]) => [name, type]);
  expect(told).toEqual(Object.entries(serverMetricTable).map(([name, { type }]) => [name, type]));
});

test('calls of the measured store do what those of the store do, and their failures are its', async () => {
  const context = await world();
  const { store } = makeMetrics(context);
  expect(await store.clusters.byName('prod')).toMatchObject({ id: 'c-11111' });
  expect(await store.transaction(async ({ clusters }) => (await clusters.all()).length)).toBe(2);
  await expect(
    store.transaction(async () => {
      throw new Error('not this');
    }),
  ).rejects.toThrow('not this');
});
