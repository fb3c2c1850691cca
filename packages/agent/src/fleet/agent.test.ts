import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Failure, systemClock } from '@holdfast/base';
import { CopyQueue } from '@holdfast/engine';
import { connectEtcd } from '@holdfast/etcd/client';
import { LocalStorage, openRepository } from '@holdfast/repository';
import { nodeParts } from '@holdfast/model/fleet';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { DaemonEvent } from '../standalone/log.ts';
import type { JobPorts } from '../standalone/ports.ts';
import { policyOf } from '../standalone/testing/world.ts';
import { FleetAgent } from './agent.ts';
import { Authority } from './testing/authority.ts';
import { orderOf } from './testing/orders.ts';
import { ProtocolServer } from './testing/protocol-server.ts';

let base: string;
let server: ProtocolServer;
const ends: (() => Promise<void>)[] = [];
beforeEach(async () => {
  base = mkdtempSync(join(tmpdir(), 'holdfast-fleet-agent-'));
  server = await ProtocolServer.start(await Authority.make());
  const storage = new LocalStorage(join(base, 'repository'));
  await openRepository(storage, { create: true, clock: systemClock, keys: { memory: join(base, 'made') } });
  server.assignment = {
    ...{ version: 'v1', clusterName: 'prod', policies: [], standsIn: false, standInAfterMs: 60_000 },
    repositories: [
      { spec: { name: 'main', path: join(base, 'repository'), readByServer: false }, secrets: {} },
    ],
  };
});
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
  await server[Symbol.asyncDispose]();
  rmSync(base, { recursive: true, force: true });
});

function missing(name: string): Failure {
  return new Failure('usage', `${name} is not of this machine`);
}

function jobsOf(stateDir: string): JobPorts {
  return {
    ...{ clock: systemClock, holdfast: '1.2.3', scratchFolder: tmpdir(), stateDir, etcdProgram: 'etcd' },
    connect: () => Promise.reject(missing('etcd')),
    destinations: () => Promise.reject(missing('it')),
    open: (name) => Promise.reject(missing(name)),
    at: (name) => name,
    queue: new CopyQueue(stateDir, { clock: systemClock, random: () => 0 }),
    memory: join(stateDir, 'repositories'),
    credentials: async () => undefined,
    companionsRoot: undefined,
    nameOf: () => undefined,
  };
}

/** An agent at work. @returns how it ends, and what it has said */
function begin(token: string | undefined) {
  const stop = new AbortController();
  const events: DaemonEvent[] = [];
  const agent = new FleetAgent({
    ...{ clock: systemClock, random: () => 0, variables: {} },
    log: (event) => events.push(event),
    observer: { start: async () => {}, observe: async () => {}, stop: async () => {} },
    jobs: jobsOf(join(base, 'state')),
    join: {
      ...{ server: server.url, name: 'node-1', token: async () => token },
      trust: { sha256: server.authority.sha256 },
    },
    inventory: {
      connector: async () => (endpoints) => connectEtcd({ endpoints, clock: systemClock }),
      ...{ endpoints: [], certificateFiles: [] },
      clusterFile: () => Promise.reject(new Failure('cluster-file-invalid', 'line 1: it is empty')),
    },
    peerListen: { host: '127.0.0.1', port: 0 },
  });
  const running = agent.run(stop.signal);
  const end = async (): Promise<void> => {
    stop.abort(new Error('SIGTERM'));
    await running;
  };
  ends.push(end);
  return { running, end, events };
}

test('it joins, tells of its machine, works by its assignment, and is known after a restart', async () => {
  const { end, events } = begin('a-token');
  await expect.poll(() => server.syncs.at(-1)?.assignment, { timeout: 10_000 }).toBe('v1');
  await expect
    .poll(() => server.syncs.find(({ inventory }) => inventory !== undefined)?.inventory, { timeout: 10_000 })
    .toMatchObject({ members: [], notes: [expect.stringContaining('line 1: it is empty') as string] });
  expect(events.filter(({ event }) => event === 'machine-noted')).toMatchObject([
    { level: 'warning', text: expect.stringContaining('line 1: it is empty') as string },
  ]);
  const policy = policyOf({ targets: [{ repository: 'main' }] });
  server.give(orderOf('o-first', 'prune', { policy, cluster: 'prod' }));
  await expect
    .poll(() => server.outcomes.get('o-first'), { timeout: 10_000 })
    .toMatchObject([{ outcome: 'done', result: { outcome: 'ok' } }]);
  server.give(orderOf('o-wrong', 'prune', { cluster: 'prod' }));
  await expect
    .poll(() => server.outcomes.get('o-wrong'), { timeout: 10_000 })
    .toMatchObject([{ outcome: 'failed', failure: { code: 'order-invalid' } }]);
  // Nothing of the machine that runs this test is touched.
  server.give(orderOf('o-restart', 'restart', { except: [...nodeParts] }));
  await expect.poll(() => server.outcomes.get('o-restart'), { timeout: 10_000 }).toHaveLength(1);
  // It is refused where there is nothing, which is so on most machines.
  const [restarted] = server.outcomes.get('o-restart')!;
  expect(restarted).toMatchObject(
    restarted?.outcome === 'done'
      ? { result: { restarted: [] } }
      : { outcome: 'failed', failure: { code: 'node-part-not-ready' } },
  );
  const began = performance.now();
  await end();
  expect(performance.now() - began).toBeLessThan(5_000);
  for (const name of ['assignment.json', 'identity.json', 'key.pem', 'orders/o-first.log'])
    expect(statSync(join(base, 'state', 'fleet', name)).mode & 0o777).toBe(0o600);
  const { length } = server.syncs;
  const again = begin(undefined);
  await expect.poll(() => server.syncs.length, { timeout: 10_000 }).toBeGreaterThan(length);
  expect(server.syncs[length]?.assignment).toBe('v1');
  expect(server.joins).toHaveLength(1);
  await again.end();
});

test('its certificate is renewed when the server says so, and it goes on without a gap', async () => {
  const { events } = begin('a-token');
  await expect.poll(() => server.syncs.at(-1)?.assignment, { timeout: 10_000 }).toBe('v1');
  server.renew = true;
  server.ring();
  await expect.poll(() => server.renewals.length, { timeout: 10_000 }).toBe(1);
  await expect.poll(() => events.map(({ event }) => event), { timeout: 10_000 }).toContain('renewed');
  const { length } = server.syncs;
  server.give(
    orderOf('o-first', 'prune', { policy: policyOf({ targets: [{ repository: 'main' }] }), cluster: 'prod' }),
  );
  await expect.poll(() => server.outcomes.has('o-first'), { timeout: 10_000 }).toBe(true);
  expect(server.syncs.length).toBeGreaterThan(length);
  expect(events.filter(({ event }) => event === 'server-silent')).toEqual([]);
});

test('a token that is refused ends it before it has joined, with the reason', async () => {
  const { running } = begin('another');
  ends.length = 0;
  await expect(running).rejects.toMatchObject({ code: 'join-refused' });
});

test('a second agent of a state folder ends before it has told or asked the server anything', async () => {
  begin('a-token');
  await expect.poll(() => server.syncs.at(-1)?.assignment, { timeout: 10_000 }).toBe('v1');
  const second = begin(undefined);
  ends.pop();
  await expect(second.running).rejects.toMatchObject({ code: 'agent-running' });
  expect(second.events).toEqual([]);
});
