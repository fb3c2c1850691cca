import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { hostsOrSkip } from '@holdfast/test-servers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Content, Fleet } from './fleet.ts';
import { expectNew, expectOld } from './outcome.ts';
import { until } from './until.ts';

const { skip } = await hostsOrSkip();

/** Hours between two runs: half a minute is the least that there is. */
const often = 31 / 3600;

describe.skipIf(skip)('the life of a fleet of one cluster', { timeout: 300_000 }, () => {
  let fleet: Fleet;
  let content: Content;
  beforeAll(async () => {
    fleet = await Fleet.make({ members: 3, standInAfter: '3s' });
    content = await fleet.fillAndSave();
    await fleet.keep();
    await fleet.reset();
  });
  afterAll(() => fleet?.[Symbol.asyncDispose]());

  const params = () => ({ cluster: fleet.cluster });
  const list = async (query: object) =>
    (await fleet.client.call('listOperations', { query: { cluster: fleet.cluster, limit: 100, ...query } }))
      .items;
  const snapshots = async () =>
    (await fleet.client.call('listSnapshots', { params: params(), query: { limit: 100 } })).items;

  test('a save goes through its phases, and is in the catalogue when it ends', async () => {
    const { id } = await fleet.client.call('saveSnapshot', { params: params(), body: {} });
    const told: unknown[] = [];
    for await (const { type, data } of fleet.client.events('followOperation', { params: { operation: id } }))
      if (type === 'phase') told.push(data['phase']);
    expect(told).toEqual(['Started', 'RestartCluster', 'Finished']);
    const saved = await fleet.ended({ id });
    expect(saved).toMatchObject({ state: 'succeeded', phase: 'Finished' });
    expect((await snapshots()).map(({ name }) => name)).toContain(saved.result?.['snapshot']);
  });

  test('a policy is carried out by its schedule, by the agents alone while the server is away, and they tell of it', async () => {
    const policy = {
      ...{ name: 'often', schedule: { intervalHours: often }, retention: { last: 50 } },
      targets: [{ repository: 'main' }],
    };
    const of = { ...params(), policy: 'often' };
    await fleet.client.call('putPolicy', { params: of, body: policy });
    await until('the policy has run', async () => {
      const saves = await list({ kind: 'save', state: 'succeeded' });
      return saves.some((each) => each.policy === 'often' && each.trigger === 'schedule');
    });
    expect((await snapshots()).map((each) => each.policy)).toContain('often');

    await fleet.killServer();
    const stored = (): number => files(fleet.repository);
    const atDeath = stored();
    await until('an agent has saved by itself', async () => stored() > atDeath);
    await fleet.startServer();
    await until('what was done meanwhile is told, and nothing was done twice', async () => {
      const saves = (await list({ kind: 'save' })).filter((each) => each.policy === 'often');
      const own = saves.filter(({ requestedBy }) => requestedBy.startsWith('node '));
      const due = saves.map(({ scheduledFor }) => scheduledFor);
      expect(new Set(due).size).toBe(due.length);
      return own.length > 0;
    });
    await fleet.client.call('deletePolicy', { params: of });
    await until('nothing is at work', async () => {
      return (await list({})).every(({ endedAt }) => endedAt !== null);
    });
  });

  test('after a restore the old data is kept, brought back by a rollback, and gone once it is released', async () => {
    const request = { way: 'snapshot', repository: 'main', snapshot: content.snapshot };
    const first = await fleet.restore(request);
    expect(first.state).toBe('succeeded');
    await expectNew(fleet, content, fleet.members, content.atSnapshot);
    const kept = (): number[] =>
      fleet.members.map((node) => node.entries().filter((name) => name.startsWith('member.pre-')).length);
    expect(kept()).toEqual([1, 1, 1]);
    const of = { params: { operation: first.id } };
    await fleet.client.call('rollbackRestore', of);
    expect(await fleet.ended(first)).toMatchObject({ state: 'rolled-back', phase: 'Failed' });
    await expectOld(fleet, content);

    const second = await fleet.restore(request);
    expect(second.state).toBe('succeeded');
    await fleet.client.call('releaseRestore', { params: { operation: second.id } });
    await until('the old data is gone', async () => kept().every((count) => count === 0));
    const released = await fleet.ended(second);
    expect(released.state).toBe('succeeded');
    await expectNew(fleet, content, fleet.members, content.atSnapshot);
    await expect(
      fleet.client.call('rollbackRestore', { params: { operation: second.id } }),
    ).rejects.toMatchObject({ code: 'operation-state' });
  });
});

/** How many files a folder has, at any depth. */
function files(folder: string): number {
  if (!existsSync(folder)) return 0;
  return readdirSync(folder, { recursive: true, withFileTypes: true }).filter((each) =>
    existsSync(join(each.parentPath, each.name)),
  ).length;
}
