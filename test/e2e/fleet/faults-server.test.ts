import { hostsOrSkip } from '@holdfast/test-servers';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Content, Fleet } from './fleet.ts';
import { expectNew, expectOld } from './outcome.ts';
import { firstOfEach, recordsOf, steps, struckBefore } from './strikes.ts';
import { until } from './until.ts';

const { skip } = await hostsOrSkip();

/** The server dies by SIGKILL each time that it has told of a new kind of step, forwards, and backwards in an undoing. */
describe.skipIf(skip)('of the server, in a restore:', { timeout: 300_000 }, () => {
  let fleet: Fleet;
  let content: Content;
  beforeAll(async () => {
    fleet = await Fleet.make({ members: 3 });
    content = await fleet.fillAndSave();
    await fleet.keep();
  });
  beforeEach(() => fleet.reset());
  afterAll(() => fleet?.[Symbol.asyncDispose]());

  const request = () => ({ way: 'snapshot', repository: 'main', snapshot: content.snapshot });

  test('it dies at each step that it tells of: the restore goes on, and nothing is told twice', async () => {
    const operation = await fleet.beginRestore(request());
    const told: number[] = [];
    const struck = new Set<string>();
    for await (const { n, event, step = 0 } of recordsOf(fleet, operation)) {
      told.push(n);
      const kind = steps[step - 1]?.kind ?? '';
      if (event !== 'begin' || struck.has(kind)) continue;
      struck.add(kind);
      await fleet.killServer();
      await fleet.startServer();
    }
    expect(told).toEqual(told.map((_, at) => at));
    expect([...struck]).toEqual(firstOfEach(steps, 'kind').map(({ kind }) => kind));
    const { state, phase, failure } = await fleet.ended(operation);
    expect({ state, phase, failure }).toEqual({ state: 'succeeded', phase: 'Finished', failure: null });
    await expectNew(fleet, content, fleet.members, content.atSnapshot);
  });

  test('it dies at each step that is undone: everything is as it was', async () => {
    const [n1] = fleet.nodes;
    const start = steps.find(({ kind }) => kind === 'start')!;
    await fleet.restartAgent(n1!, struckBefore(n1!, start, 'freeze'));
    await fleet.connected([n1!]);
    const operation = await fleet.beginRestore(request());
    const goOn = await fleet.untilFrozen(n1!);
    await fleet.client.call('abortRestore', { params: { operation: operation.id } });
    await goOn();
    const struck = new Set<string>();
    for await (const { event, step = 0 } of recordsOf(fleet, operation)) {
      const kind = steps[step - 1]?.kind ?? '';
      if (event !== 'undo' || struck.has(kind)) continue;
      struck.add(kind);
      await fleet.killServer();
      await fleet.startServer();
    }
    expect(struck.size).toBeGreaterThan(3);
    expect(await fleet.ended(operation)).toMatchObject({ state: 'rolled-back', phase: 'Failed' });
    await expectOld(fleet, content);
  });

  test('a second restore is refused with the one that is at work, and a save waits for its end', async () => {
    const [n1] = fleet.nodes;
    const stage = steps.find(({ kind }) => kind === 'stage')!;
    await fleet.restartAgent(n1!, struckBefore(n1!, stage, 'freeze'));
    await fleet.connected([n1!]);
    const other = await fleet.plan(request());
    const operation = await fleet.beginRestore(request());
    const goOn = await fleet.untilFrozen(n1!);
    const params = { cluster: fleet.cluster };
    const body = { plan: other.id, hash: String(other.result?.['hash']), confirm: 'prod' };
    await expect(fleet.client.call('beginRestore', { params, body })).rejects.toMatchObject({
      ...{ code: 'cluster-busy', status: 409, details: { holder: operation.id } },
    });
    const save = await fleet.client.call('saveSnapshot', { params, body: {} });
    await until('the save waits', async () => {
      const { state, why } = await fleet.client.call('getOperation', { params: { operation: save.id } });
      return state === 'waiting' && why.includes(operation.id);
    });
    const { status } = await fleet.client.call('getCluster', { params });
    expect(status.busy).toBe(operation.id);
    await goOn();
    expect(await fleet.ended(operation)).toMatchObject({ state: 'succeeded' });
    expect(await fleet.ended(save)).toMatchObject({ state: 'succeeded' });
    await expectNew(fleet, content, fleet.members, content.atSnapshot);
  });
});
