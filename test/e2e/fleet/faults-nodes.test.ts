import { closeSync, openSync, readdirSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { phases, type PlannedStep } from '@holdfast/model';
import type { Operation } from '@holdfast/model/fleet';
import { hostsOrSkip, inTurn } from '@holdfast/test-servers';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { EtcdNode } from './etcd-node.ts';
import { type Content, Fleet } from './fleet.ts';
import { expectNew, expectOld } from './outcome.ts';
import { firstOfEach, shiftedBy, steps, struckBefore, untilTold } from './strikes.ts';
import { until } from './until.ts';

const { skip } = await hostsOrSkip();

/** Of n3, the first step in each phase. */
const turns = firstOfEach(
  steps.filter(({ member }) => member === 'n3'),
  'phase',
);

describe.skipIf(skip)('of a node, in a restore:', { timeout: 600_000 }, () => {
  let fleet: Fleet;
  let content: Content;
  let n1: EtcdNode;
  let n2: EtcdNode;
  let n3: EtcdNode;
  beforeAll(async () => {
    fleet = await Fleet.make({ members: 3, diskMiB: 400 });
    content = await fleet.fillAndSave();
    await fleet.keep();
    [n1, n2, n3] = fleet.nodes as [EtcdNode, EtcdNode, EtcdNode];
  });
  beforeEach(() => fleet.reset());
  afterAll(() => fleet?.[Symbol.asyncDispose]());

  const request = () => ({ way: 'snapshot', repository: 'main', snapshot: content.snapshot });

  /** A restore whose leader is frozen before the first step of a kind. */
  async function frozenBefore(step: PlannedStep): Promise<[operation: Operation, goOn: () => Promise<void>]> {
    await fleet.restartAgent(n1, struckBefore(n1, step, 'freeze'));
    await fleet.connected([n1]);
    const operation = await fleet.beginRestore(request());
    return [operation, await fleet.untilFrozen(n1)];
  }

  async function expectFinished(operation: Operation): Promise<void> {
    const { state, phase, failure } = await fleet.ended(operation, 400_000);
    expect({ state, phase, failure }).toEqual({ state: 'succeeded', phase: 'Finished', failure: null });
    await expectNew(fleet, content, fleet.members, content.atSnapshot);
  }

  async function expectUndone(operation: Operation, why: RegExp): Promise<void> {
    const ended = await fleet.ended(operation, 400_000);
    expect({ state: ended.state, phase: ended.phase, why: ended.why }).toEqual({
      ...{ state: 'rolled-back', phase: 'Failed', why: expect.stringMatching(why) as string },
    });
    await expectOld(fleet, content);
  }

  test('the turns are those of the phases', () => {
    expect(turns.map(({ phase }) => phase)).toEqual(phases.slice(0, 5));
  });

  test.each(inTurn(turns, 2))(
    'its cable is out as $phase begins, until the others have done $kind',
    async ({ kind }) => {
      const [operation, goOn] = await frozenBefore(first(kind));
      await n3.host.unplug();
      await goOn();
      const others = new Set(
        steps.filter((step) => step.kind === kind && step.member !== 'n3').map(({ number }) => number),
      );
      await untilTold(fleet, operation, ({ event, step = 0 }) => {
        if (event === 'done') others.delete(step);
        return others.size === 0;
      });
      await n3.host.plugIn();
      await expectFinished(operation);
    },
  );

  test('its disk is full as its new data is built: everything is as it was, and why is told', async () => {
    const [operation, goOn] = await frozenBefore(first('stage'));
    const hog = join(n3.host.disk, 'hog');
    await n3.host.run(['dd', 'if=/dev/zero', `of=${hog}`, 'bs=64k']);
    await goOn();
    await untilTold(fleet, operation, ({ event }) => event === 'back');
    rmSync(hog);
    await expectUndone(operation, /stage.*n3.*(space|full|free)/i);
  });

  test('its snapshot was altered after it was fetched: everything is as it was, and it is named', async () => {
    const [operation, goOn] = await frozenBefore(first('stage'));
    const folder = readdirSync(n2.dataDir).find((name) => name.startsWith('holdfast-'))!;
    flipBit(join(n2.dataDir, folder, 'artefact.db'));
    await goOn();
    await expectUndone(operation, /stage.*n2.*SHA-256/);
  });

  test('the clocks of two are ten minutes off, each in its direction: it is told, and harms nothing', async () => {
    await fleet.restartAgent(n2, shiftedBy(-600_000));
    await fleet.restartAgent(n3, shiftedBy(600_000));
    await until('both clocks are told to be off', async () => {
      const { items } = await fleet.client.call('listNodes', { params: { cluster: fleet.cluster } });
      const skews = items.map(({ clockSkewMs }) => Math.round((clockSkewMs ?? 0) / 60_000));
      return skews.includes(-10) && skews.includes(10);
    });
    await expectFinished(await fleet.beginRestore(request()));
  });

  test('the clock of the leader was wound back by ten minutes: it is refused, and nothing is touched', async () => {
    await fleet.restartAgent(n1, shiftedBy(-600_000));
    await fleet.connected([n1]);
    await expect(fleet.beginRestore(request())).rejects.toMatchObject({
      ...{ code: 'plan-unusable', why: expect.stringMatching(/P12.*wound back/) as string },
    });
    await expectOld(fleet, content);
  });

  test('its cable is out and stays out: it stands still and says so; back again, it is undone', async () => {
    const [operation, goOn] = await frozenBefore(first('keep'));
    await n3.host.unplug();
    await goOn();
    const stood = await fleet.ended(operation, 500_000);
    expect({ state: stood.state, phase: stood.phase, why: stood.why }).toEqual({
      ...{ state: 'stuck', phase: 'Failed', why: expect.stringMatching(/n3/) as string },
    });
    await n3.host.plugIn();
    await fleet.connected([n3]);
    await fleet.client.call('resumeRestore', { params: { operation: operation.id } });
    await expectUndone(operation, /n3/);
  });
});

function first(kind: string): PlannedStep {
  return steps.find((each) => each.kind === kind)!;
}

/** Inverts one bit in the middle of a file. */
function flipBit(path: string): void {
  const bytes = readFileSync(path);
  const at = Math.floor(bytes.length / 2);
  const fd = openSync(path, 'r+');
  writeSync(fd, Buffer.of(bytes[at]! ^ 1), 0, 1, at);
  closeSync(fd);
}
