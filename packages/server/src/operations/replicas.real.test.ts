import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock as clock } from '@holdfast/base';
import { Policy } from '@holdfast/model';
import { postgresqlOrSkip, startPostgresql } from '@holdfast/test-servers';
import { describe, expect, test } from 'vitest';
import { nextTimes } from '../scheduler/next-times.ts';
import { openPostgresStore } from '../store/postgresql/open.ts';
import type { Store } from '../store/store.ts';
import { inventoryOf } from '../testing/inventory.ts';

const bin = join(import.meta.dirname, '../../../cli/bin/holdfast.js');
const clusters = Array.from({ length: 8 }, (_, n) => `c-${String(n).padStart(5, 'a')}`);
const policiesEach = 5;
const runs = clusters.length * policiesEach;
const hour = 3_600_000;

/** A replica in a process of its own, once it is up. */
async function replica(folder: string, name: string, url: string, key?: string): Promise<ChildProcess> {
  const args = ['server', '--data-dir', join(folder, name), '--listen', '127.0.0.1:0'];
  if (key !== undefined) args.push('--secrets-key-file', key);
  const env = { PATH: process.env['PATH'], HOLDFAST_DATABASE_URL: url, NO_COLOR: '1' };
  const child = spawn(process.execPath, [bin, ...args], { env, stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  await new Promise<void>((resolve, reject) => {
    child.stderr.on('data', (text: Buffer) => {
      said += text.toString();
      if (said.includes('the server is up')) resolve();
    });
    child.once('exit', () => reject(new Error(said)));
  });
  return child;
}

/** Policies whose one run was due an hour ago, in clusters with a machine each. */
async function fill(store: Store): Promise<void> {
  const now = clock.now();
  const createdAt = new Date(now.getTime() - 13 * hour).toISOString();
  await store.repositories.create({
    ...{ name: 'main', spec: { name: 'main', path: '/nowhere', readByServer: false } },
    ...{ secretNames: [], sealed: null, createdAt },
  });
  for (const id of clusters) {
    const spec = { name: id, description: '', distribution: 'etcd', approvals: 0 } as const;
    await store.clusters.create({ id, spec: { ...spec, repositories: ['main'] }, createdAt });
    const node = nodeOf(id);
    await store.nodes.create({
      id: node,
      cluster: id,
      name: 'cp-1',
      joinedAt: createdAt,
      certificateNotAfter: null,
    });
    await store.nodes.setInventory(node, inventoryOf('cp-1', '10.0.0.1'), 'x');
  }
  await hear(store);
  for (const id of clusters)
    for (let n = 0; n < policiesEach; n += 1) {
      const policy = Policy.parse({
        ...{ name: `p${n}`, schedule: { intervalHours: 12 }, targets: [{ repository: 'main' }] },
        retention: { last: 3 },
      });
      const known = { cluster: id, policy, createdAt, last: {} };
      await store.policies.put(
        id,
        null,
        policy,
        { last: {}, next: nextTimes(known, new Date(createdAt)) },
        createdAt,
      );
    }
}

const isOver = ({ endedAt }: { endedAt: string | null }): boolean => endedAt !== null;
const nodeOf = (cluster: string): string => cluster.replace('c-', 'n-');

async function hear(store: Store): Promise<void> {
  const at = clock.now().toISOString();
  await store.nodes.seen(
    clusters.map((id) => ({ node: nodeOf(id), at, agentVersion: '0.1.0', clockSkewMs: 0 })),
  );
}

/** Does what the machines are ordered until the signal. @returns how often each operation was carried out, by its id */
async function agents(store: Store, signal: AbortSignal): Promise<Map<string, number>> {
  const done = new Map<string, number>();
  const result = { outcome: 'ok', failure: null, note: '', warnings: [] };
  while (!signal.aborted) {
    await hear(store);
    for (const id of clusters)
      for (const { order } of await store.orders.open(nodeOf(id))) {
        const saved = { ...result, snapshot: order.operation, storedIn: ['main'] };
        const outcome = { outcome: 'done', result: order.kind === 'save' ? saved : result } as const;
        const isFirst = await store.orders.settle(order.id, outcome, clock.now().toISOString());
        if (isFirst) done.set(order.operation, (done.get(order.operation) ?? 0) + 1);
      }
    await clock.sleep(100, signal).catch(() => undefined);
  }
  return done;
}

async function saves(store: Store) {
  const { items } = await store.operations.list({ clusters: null, kind: 'save', limit: 10_000 });
  return items;
}

describe.skipIf((await postgresqlOrSkip()).skip)('two replicas on one PostgreSQL', () => {
  test('lose and double none of the runs that are due, though one is killed in their midst', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'holdfast-replicas-'));
    await using postgresql = await startPostgresql();
    const url = await postgresql.database();
    await using store = await openPostgresStore({ url, clock });
    await fill(store);
    const stop = new AbortController();
    const living: ChildProcess[] = [];
    try {
      const first = await replica(folder, 'one', url);
      living.push(first);
      living.push(await replica(folder, 'two', url, join(folder, 'one', 'secrets.key')));
      const count = async (): Promise<number> => (await saves(store)).length;
      await expect.poll(count, { timeout: 60_000, interval: 100 }).toBe(runs);
      const working = agents(store, stop.signal);
      const over = async (): Promise<number> => (await saves(store)).filter(isOver).length;
      await expect.poll(over, { timeout: 60_000, interval: 20 }).toBeGreaterThan(runs / 8);
      first.kill('SIGKILL');
      expect(await over()).toBeLessThan(runs);
      await expect.poll(over, { timeout: 90_000, interval: 200 }).toBe(runs);
      stop.abort();
      const done = await working;
      const all = await saves(store);
      const due = all.map(({ cluster, policy, scheduledFor }) => `${cluster} ${policy} ${scheduledFor}`);
      expect(new Set(due).size).toBe(runs);
      expect(all.filter(({ state }) => state !== 'succeeded')).toEqual([]);
      expect(all.filter(({ id }) => done.get(id) !== 1)).toEqual([]);
    } finally {
      stop.abort();
      for (const child of living) {
        child.kill('SIGKILL');
        if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
      }
      await rm(folder, { recursive: true });
    }
  }, 240_000);
});
