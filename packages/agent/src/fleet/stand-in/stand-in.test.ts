import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Assignment } from '@holdfast/model/fleet';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Daemon } from '../../standalone/daemon.ts';
import { policyOf, World } from '../../standalone/testing/world.ts';
import { fleetFolder, makeFleetFolder, type FleetFolder } from '../folder.ts';
import { KeptAssignment } from './assignment.ts';
import { OwnRuns } from './own-runs.ts';
import { StandIn } from './stand-in.ts';

const minute = 60_000;
const hour = 60 * minute;

let folder: FleetFolder;
let world: World;
let stop: AbortController;
beforeEach(async () => {
  folder = fleetFolder(mkdtempSync(join(tmpdir(), 'holdfast-stand-in-')));
  await makeFleetFolder(folder);
  world = new World('2026-11-20T09:30:00Z');
  stop = new AbortController();
});
afterEach(async () => {
  stop.abort(new Error('SIGTERM'));
  await world.go(10_000);
  world[Symbol.dispose]();
  rmSync(join(folder.path, '..'), { recursive: true, force: true });
});

function assigned(changes: Partial<Assignment> = {}): Assignment {
  return {
    ...{ version: 'v1', clusterName: 'prod', repositories: [], standsIn: true },
    standInAfterMs: 10 * minute,
    policies: [{ policy: policyOf(), lastScheduledFor: { save: '2026-11-20T09:00:00.000Z' } }],
    ...changes,
  };
}

/** The daemon of an agent of a fleet that works by this. */
async function begin(assignment: Assignment): Promise<{ standIn: StandIn; ownRuns: OwnRuns }> {
  const kept = await KeptAssignment.read(folder);
  await kept.keep(assignment);
  const ownRuns = await OwnRuns.read(folder);
  const standIn = new StandIn(world.clock, kept, ownRuns);
  const daemon = new Daemon({
    ...{ clock: world.clock, node: 'c-prod1', stateDir: world.stateDir, work: world.work },
    policies: standIn,
    log: (event) => world.events.push(event),
    observer: { start: async () => {}, observe: async () => {}, stop: async () => {} },
    begunBefore: (policy, job) => standIn.begunBefore(policy, job),
    onEnded: (ended) => ownRuns.add(ended),
  });
  void daemon.run(stop.signal);
  return { standIn, ownRuns };
}

/** So long with a server that answers every half minute. */
async function goHeard(standIn: StandIn, ms: number): Promise<void> {
  for (let gone = 0; gone < ms; gone += 30_000) {
    standIn.heard();
    await world.go(30_000);
  }
}

test('while the server answers nothing is done, and after its silence what was due since', async () => {
  const { standIn, ownRuns } = await begin(assigned());
  await goHeard(standIn, 2 * hour);
  expect(world.work.times('save')).toEqual([]);
  await world.go(2 * hour);
  // 10:00 and 11:00 are made up for once, when the server has been silent for ten minutes.
  expect(world.work.times('save').map((at) => at.slice(11, 15))).toEqual(['11:3', '12:0', '13:0']);
  expect(ownRuns.untold.map(({ job, scheduledFor }) => [job, scheduledFor?.slice(11, 16)])).toEqual([
    ['save', '11:00'],
    ['prune', undefined],
    ['save', '12:00'],
    ['prune', undefined],
    ['save', '13:00'],
    ['prune', undefined],
  ]);
  standIn.heard();
  await goHeard(standIn, 2 * hour);
  expect(world.work.times('save')).toHaveLength(3);
});

test('what the server has had done is not done again, nor what this agent has done before', async () => {
  const policies = [
    {
      policy: policyOf({ check: { cron: '0 9 * * *' } }),
      lastScheduledFor: { save: '2026-11-20T09:00:00.000Z', check: '2026-11-20T09:00:00.000Z' },
    },
  ];
  world.work.found = {
    newest: { stored: '2026-11-20T09:00:03.000Z', verified: '2026-11-20T09:00:03.000Z' },
    scheduledAt: '2026-11-20T09:00:00.000Z',
  };
  const { standIn } = await begin(assigned({ policies }));
  await world.go(25 * minute);
  expect(world.work.asked.filter(({ job }) => job === 'save' || job === 'check')).toEqual([]);
  await world.go(10 * minute);
  expect(world.work.times('save')).toHaveLength(1);
  // The server is back for a moment, and knows nothing yet of the save of 10:00.
  await goHeard(standIn, 2 * minute);
  world.work.found = { newest: {}, scheduledAt: null };
  await world.go(20 * minute);
  expect(world.work.times('save')).toHaveLength(1);
  expect(world.work.times('check')).toEqual([]);
});

test('a node that does not stand in leaves it to the one that does', async () => {
  await begin(assigned({ standsIn: false }));
  await world.go(3 * hour);
  expect(world.work.times('save')).toEqual([]);
});
