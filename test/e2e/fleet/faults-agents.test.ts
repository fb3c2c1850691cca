import { phases } from '@holdfast/model';
import type { Operation } from '@holdfast/model/fleet';
import { hostsOrSkip, inTurn } from '@holdfast/test-servers';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { EtcdNode } from './etcd-node.ts';
import { type Content, Fleet } from './fleet.ts';
import { expectNew, expectOld } from './outcome.ts';
import { firstOfEach, recordsOf, steps, struckBefore } from './strikes.ts';
import { until } from './until.ts';

const { skip } = await hostsOrSkip();

/** The first step of each phase: what is before it is done, nothing of it is. */
const turns = firstOfEach(steps, 'phase').filter(({ phase }) => phase !== 'Finished');

/** One of each kind: those of the three nodes begin together. */
const kinds = firstOfEach(steps, 'kind');

/**
 * Agents die by SIGKILL. One restore takes every kind of step of the table: its leader dies before each of them, one after
 * the other. In another one a node that does not lead dies as each of its steps begins. Given up is one for each phase.
 */
describe.skipIf(skip)('an agent dies in a restore', { timeout: 300_000 }, () => {
  let fleet: Fleet;
  let content: Content;
  let n1: EtcdNode;
  let n2: EtcdNode;
  beforeAll(async () => {
    fleet = await Fleet.make({ members: 3 });
    content = await fleet.fillAndSave();
    await fleet.keep();
    [n1, n2] = fleet.nodes as [EtcdNode, EtcdNode];
  });
  beforeEach(() => fleet.reset());
  afterAll(() => fleet?.[Symbol.asyncDispose]());

  const request = () => ({ way: 'snapshot', repository: 'main', snapshot: content.snapshot });

  const isOver = async ({ id }: Pick<Operation, 'id'>): Promise<boolean> => {
    const { endedAt, state } = await fleet.client.call('getOperation', { params: { operation: id } });
    return endedAt !== null || state === 'stuck';
  };

  test('its leader, before each step, again and again: it goes on each time it is back', async () => {
    await fleet.restartAgent(n1, struckBefore(n1, kinds[0]!));
    await fleet.connected([n1]);
    const operation = await fleet.beginRestore(request());
    let deaths = 0;
    for (const step of kinds.slice(1)) {
      await until(`the leader dies before step ${step.number}`, async () => {
        return !fleet.isAgentRunning(n1) || (await isOver(operation));
      });
      if (await isOver(operation)) break;
      deaths += 1;
      await fleet.startAgent(n1, struckBefore(n1, step));
    }
    await until('the leader dies before the last step, or all is over', async () => {
      return !fleet.isAgentRunning(n1) || (await isOver(operation));
    });
    if (!fleet.isAgentRunning(n1)) await fleet.startAgent(n1);
    const ended = await fleet.ended(operation);
    expect({ state: ended.state, phase: ended.phase, failure: ended.failure }).toEqual({
      ...{ state: 'succeeded', phase: 'Finished', failure: null },
    });
    expect(deaths).toBe(kinds.length - 1);
    await expectNew(fleet, content, fleet.members, content.atSnapshot);
  });

  test('another one, as each step of it begins: it goes on each time it is back', async () => {
    const operation = await fleet.beginRestore(request());
    const own = new Set(steps.filter(({ member }) => member === 'n2').map(({ number }) => number));
    const struck = new Set<number>();
    for await (const { event, step = 0 } of recordsOf(fleet, operation)) {
      if (event !== 'begin' || !own.has(step) || struck.has(step)) continue;
      struck.add(step);
      await fleet.restartAgent(n2);
    }
    const ended = await fleet.ended(operation);
    expect({ state: ended.state, phase: ended.phase, failure: ended.failure }).toEqual({
      ...{ state: 'succeeded', phase: 'Finished', failure: null },
    });
    expect(struck).toEqual(own);
    await expectNew(fleet, content, fleet.members, content.atSnapshot);
  });

  test.each(inTurn(turns, 2))(
    'its leader, before $phase, and a person gives up: everything is as it was',
    async (step) => {
      await fleet.restartAgent(n1, struckBefore(n1, step));
      await fleet.connected([n1]);
      const operation = await fleet.beginRestore(request());
      await until('the leader dies', async () => !fleet.isAgentRunning(n1));
      await fleet.client.call('abortRestore', { params: { operation: operation.id } });
      await fleet.startAgent(n1);
      const ended = await fleet.ended(operation);
      expect({ state: ended.state, phase: ended.phase, why: ended.why }).toEqual({
        ...{ state: 'rolled-back', phase: 'Failed', why: expect.stringMatching(/admin/) as string },
      });
      await expectOld(fleet, content);
    },
  );

  test('its leader, for more than a minute: another node leads it on, and the old leader only does as it is told', async () => {
    const stage = steps.find(({ kind }) => kind === 'stage')!;
    await fleet.restartAgent(n1, struckBefore(n1, stage));
    await fleet.connected([n1]);
    const operation = await fleet.beginRestore(request());
    await until('the leader dies', async () => !fleet.isAgentRunning(n1));
    const params = { operation: operation.id };
    const led = await fleet.client.call('getOperation', { params });
    await expect(fleet.client.call('resumeRestore', { params })).rejects.toMatchObject({
      code: 'operation-state',
    });
    await until('it is told that the leader is away', async () => {
      const { why } = await fleet.client.call('getOperation', { params });
      return why.includes('not connected');
    });
    await until(
      'another node may lead it on',
      async () => (await fleet.client.call('resumeRestore', { params })).state === 'running',
    );
    await until('another node leads it', async () => {
      const { node } = await fleet.client.call('getOperation', { params });
      return node !== led.node;
    });
    await fleet.startAgent(n1);
    const ended = await fleet.ended(operation);
    expect({ state: ended.state, phase: ended.phase, failure: ended.failure }).toEqual({
      ...{ state: 'succeeded', phase: 'Finished', failure: null },
    });
    await expectNew(fleet, content, fleet.members, content.atSnapshot);
  });

  test('the turns are those of the phases', () => {
    expect(turns.map(({ phase }) => phase)).toEqual(phases.slice(0, 4));
  });
});
