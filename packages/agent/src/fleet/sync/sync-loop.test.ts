import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Failure } from '@holdfast/base';
import type { Assignment } from '@holdfast/model/fleet';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { DaemonEvent } from '../../standalone/log.ts';
import { ServerConnection } from '../connection.ts';
import { fleetFolder, makeFleetFolder, type FleetFolder } from '../folder.ts';
import type { Act, Result } from '../orders/act.ts';
import { Worker } from '../orders/worker.ts';
import { KeptAssignment } from '../stand-in/assignment.ts';
import { OwnRuns } from '../stand-in/own-runs.ts';
import { Authority } from '../testing/authority.ts';
import { orderOf } from '../testing/orders.ts';
import { ProtocolServer } from '../testing/protocol-server.ts';
import { quickClock } from '../testing/quick-clock.ts';
import { OrderJournal } from './order-journal.ts';
import { SyncLoop } from './sync-loop.ts';

let folder: FleetFolder;
let server: ProtocolServer;
beforeEach(async () => {
  folder = fleetFolder(mkdtempSync(join(tmpdir(), 'holdfast-sync-')));
  await makeFleetFolder(folder);
  server = await ProtocolServer.start(await Authority.make());
});
afterEach(async () => {
  for (const agent of agents.splice(0)) await agent.end();
  await server[Symbol.asyncDispose]();
  rmSync(join(folder.path, '..'), { recursive: true, force: true });
});

interface TestAgent {
  readonly events: DaemonEvent[];
  readonly begun: string[];
  readonly assignment: KeptAssignment;
  readonly ownRuns: OwnRuns;
  readonly journal: OrderJournal;
  readonly sync: SyncLoop;
  heard: number;
  renewals: number;
  end(): Promise<void>;
}
const agents: TestAgent[] = [];

/** An agent whose orders are carried out so. */
async function start(carryOut: (act: Act) => Promise<Result>, node = 'n-first'): Promise<TestAgent> {
  const { key, certificate } = await server.authority.node(node, 'c-prod1');
  const connection = new ServerConnection({
    ...{ server: server.url, ca: [server.authority.pem], own: { key, certificate } },
  });
  const clock = quickClock();
  const { journal } = await OrderJournal.open(folder.orders, clock);
  const stop = new AbortController();
  const events: DaemonEvent[] = [];
  const begun: string[] = [];
  const log = (event: DaemonEvent): void => void events.push(event);
  const worker = new Worker(
    {
      ...{ clock, log, journal, onNews: () => sync.tell() },
      carryOut: (act) => {
        begun.push(act.order.id);
        return carryOut(act);
      },
    },
    stop.signal,
  );
  const assignment = await KeptAssignment.read(folder);
  const ownRuns = await OwnRuns.read(folder);
  const sync = new SyncLoop({
    ...{ clock, log, journal, worker, assignment, ownRuns, random: () => 0 },
    ...{ agentVersion: '1.0.0', connection: () => connection, inventory: () => undefined },
    onHeard: () => void (agent.heard += 1),
    onRenew: () => void (agent.renewals += 1),
  });
  const running = sync.run(stop.signal);
  const agent: TestAgent = {
    ...{ events, begun, assignment, ownRuns, journal, sync, heard: 0, renewals: 0 },
    async end() {
      stop.abort(new Error('SIGTERM'));
      await running;
      await worker.ended();
      await journal.close();
      await connection.close();
    },
  };
  worker.resume();
  agents.push(agent);
  return agent;
}

/** As a process that is ended and begun again. */
async function endAll(): Promise<void> {
  for (const agent of agents.splice(0)) await agent.end();
}

const verify = orderOf('o-first', 'verify', { repository: 'r', cluster: 'c', snapshot: 's' });
const well = async (): Promise<Result> => ({ note: 'well' });
const outcomes = (): unknown => server.outcomes.get('o-first');
const hanging = ({ signal }: Act): Promise<Result> =>
  new Promise((_, reject) => {
    const end = (): void => reject(signal.reason as Error);
    if (signal.aborted) end();
    signal.addEventListener('abort', end);
  });

test('an order is carried out when it comes, and its end and events are told at once', async () => {
  const agent = await start(async (act) => {
    await act.tell('note', { text: 'half of it' });
    return { note: 'well' };
  });
  await expect.poll(() => agent.heard).toBeGreaterThan(0);
  server.give(verify);
  await expect.poll(outcomes).toEqual([{ outcome: 'done', result: { note: 'well' } }]);
  expect(server.events.get('o-first')).toMatchObject([{ n: 0, type: 'note', data: { text: 'half of it' } }]);
  await expect.poll(() => agent.journal.open).toEqual([]);
});

test('a server that fails, and replies that are lost, have nothing done twice and nothing forgotten', async () => {
  server.faults.push('lost', 503, 'lost', 500, 429, 'lost');
  server.give(verify, { ...verify, id: 'o-other' });
  const agent = await start(async (act) => {
    for (let at = 0; at < 5; at++) await act.tell('record', { at });
    return { of: act.order.id };
  });
  await expect.poll(() => server.outcomes.size).toBe(2);
  server.faults.push('lost', 'lost');
  agent.sync.tell();
  await expect.poll(() => agent.journal.open).toEqual([]);
  expect(agent.begun.toSorted()).toEqual(['o-first', 'o-other']);
  for (const id of agent.begun)
    expect(server.events.get(id)?.map(({ data }) => data['at'])).toEqual([0, 1, 2, 3, 4]);
  expect(agent.events.filter(({ event }) => event === 'server-heard').length).toBeGreaterThan(0);
});

test('what was begun when the agent ended is done again by the next one, and ends once', async () => {
  server.give(verify);
  const first = await start(hanging);
  await expect.poll(() => first.begun).toEqual(['o-first']);
  await endAll();
  expect(outcomes()).toBeUndefined();
  const told: number[] = [];
  await start(async (act) => {
    told.push(act.told.length);
    return { note: 'well' };
  });
  await expect.poll(outcomes).toEqual([{ outcome: 'done', result: { note: 'well' } }]);
  expect(told).toEqual([0]);
});

test('an end that could not be told is told by the next agent, and is not worked for again', async () => {
  server.give(verify);
  const first = await start(async () => {
    server.faults.push(...Array.from({ length: 1_000 }, () => 503));
    return { note: 'well' };
  });
  await expect.poll(() => first.journal.get('o-first')?.outcome).toMatchObject({ outcome: 'done' });
  await endAll();
  server.faults.length = 0;
  const second = await start(hanging);
  await expect.poll(outcomes).toEqual([{ outcome: 'done', result: { note: 'well' } }]);
  expect(second.begun).toEqual([]);
});

test('what is called off ends by its signal, and is told as given up', async () => {
  server.give(verify);
  const agent = await start(hanging);
  await expect.poll(() => agent.begun).toEqual(['o-first']);
  server.cancel.push('o-first');
  server.ring();
  await expect.poll(outcomes).toEqual([{ outcome: 'cancelled' }]);
});

test('what has a deadline is given up then; what fails is told with its reason', async () => {
  server.give({ ...verify, deadline: new Date().toISOString() }, { ...verify, id: 'o-other' });
  await start((act) =>
    act.order.id === 'o-first'
      ? hanging(act)
      : Promise.reject(new Failure('snapshot-missing', 'it is gone', { name: 's' })),
  );
  await expect.poll(outcomes).toEqual([{ outcome: 'cancelled' }]);
  await expect
    .poll(() => server.outcomes.get('o-other'))
    .toMatchObject([{ outcome: 'failed', failure: { code: 'snapshot-missing', why: 'it is gone' } }]);
});

test('an assignment is kept for this user alone, and told again until it is', async () => {
  const assignment: Assignment = {
    ...{ version: 'v1', clusterName: 'prod', repositories: [], policies: [] },
    ...{ standsIn: true, standInAfterMs: 60_000 },
  };
  server.assignment = assignment;
  const agent = await start(well);
  await expect.poll(() => agent.assignment.current).toEqual(assignment);
  await expect.poll(() => server.syncs.at(-1)?.assignment).toBe('v1');
  await endAll();
  expect((await start(well)).assignment.version).toBe('v1');
});

test('an agent that the server has expelled says so, and asks again all the same', async () => {
  const agent = await start(well, 'n-expelled');
  await expect
    .poll(() => agent.events.map(({ level, fields }) => [level, fields?.['code']]))
    .toContainEqual(['error', 'agent-expelled']);
  expect(agent.heard).toBe(0);
  expect(agent.events.filter(({ event }) => event === 'server-silent').length).toBeLessThan(10);
});

test('own runs are told until they are stored, each once', async () => {
  server.faults.push('lost', 503, 'lost');
  const agent = await start(well);
  const at = new Date('2026-11-20T10:00:00Z');
  const end = { outcome: 'ok', failure: null, note: '', warnings: [], newest: {}, storedIn: ['r'] } as const;
  const scheduledFor = '2026-11-20T09:55:00.000Z';
  await agent.ownRuns.add({ policy: 'hourly', job: 'save', scheduledFor, startedAt: at, endedAt: at, end });
  agent.sync.tell();
  await expect.poll(() => agent.ownRuns.untold).toEqual([]);
  expect(server.ownRuns).toMatchObject([{ policy: 'hourly', scheduledFor, result: { storedIn: ['r'] } }]);
  expect((await OwnRuns.read(folder)).begun('hourly', 'save')).toBe(scheduledFor);
});
