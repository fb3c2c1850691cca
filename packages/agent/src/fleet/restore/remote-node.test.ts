import { Failure } from '@holdfast/base';
import type { NodeContext, StepOrder } from '@holdfast/engine';
import { unseen } from '@holdfast/model';
import type { NodeCall, PeerArtefact } from '@holdfast/model/fleet';
import { expect, test } from 'vitest';
import { plannedOf } from '../testing/plan.ts';
import type { Act, Result } from '../orders/act.ts';
import { MemoryCalls } from '../testing/memory-calls.ts';
import { quickClock } from '../testing/quick-clock.ts';
import { RemoteNode, type RemoteParts } from './remote-node.ts';

const plan = plannedOf();
const [member] = plan.members;
const order: StepOrder = { plan, member: member!, kind: 'keep', found: { lock: { wasRunning: true } } };
const peer: PeerArtefact = {
  sha256: 'a'.repeat(64),
  size: 5,
  from: { node: 'n-first', url: 'https://127.0.0.1:1/x' },
};

/** Another node that does so, and who reaches it. */
function world(carryOut: (call: NodeCall, act: Act) => Promise<Result>, more: Partial<RemoteParts> = {}) {
  const calls = new MemoryCalls();
  const seen: NodeCall[] = [];
  calls.nodes.set('n-other', {
    carryOut: (call, act) => {
      seen.push(call);
      return carryOut(call, act);
    },
  });
  const node = new RemoteNode({
    ...{ clock: quickClock(), random: () => 0, calls, order: 'o-first', node: 'n-other' },
    offer: async () => peer,
    withdraw: async () => undefined,
    fromPeer: () => {
      throw new Error('nobody asks');
    },
    ...more,
  });
  const end = new AbortController();
  const progress: unknown[] = [];
  const context: NodeContext = {
    ...{ clock: quickClock(), signal: end.signal },
    onProgress: (each) => void progress.push(each),
  };
  return { calls, node, end, context, seen, progress };
}

const hanging = (_: NodeCall, { signal }: Act): Promise<Result> =>
  new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error));
  });

test('a step is done there, with what was found and the bytes as a place to get them from', async () => {
  const { node, context, seen, progress } = world(async (_, act) => {
    act.progress({ phase: 'fetch', done: 3, total: 5 });
    await new Promise((resolve) => setTimeout(resolve, 80));
    return { path: '/x' };
  });
  const artefact = { sha256: peer.sha256, size: 5, open: () => ({}) as never };
  expect(await node.perform({ ...order, kind: 'fetch', artefact }, context)).toEqual({ path: '/x' });
  expect(seen).toMatchObject([
    { call: 'perform', order: { kind: 'fetch', found: { lock: { wasRunning: true } }, artefact: peer } },
  ]);
  expect(progress).toEqual([{ phase: 'fetch', done: 3, total: 5 }]);
});

test('lost replies and a server that is away have nothing done twice', async () => {
  const { node, context, calls, seen } = world(async () => ({ kept: true }));
  calls.faults.push('away', 'lost', 'lost', 'away', 'lost', 'away');
  expect(await node.perform(order, context)).toEqual({ kept: true });
  expect(seen).toHaveLength(1);
  await node.perform(order, context);
  expect(seen).toHaveLength(2);
});

test('what fails there fails here, in the same words', async () => {
  const failure = new Failure('not-enough-space', '1 GB is needed', { path: '/var' });
  const { node, context } = world(() => Promise.reject(failure));
  await expect(node.undo(order, context)).rejects.toMatchObject({
    ...{ code: 'not-enough-space', why: '1 GB is needed', details: { path: '/var' } },
  });
});

test('told to stop, it settles only once the other machine has', async () => {
  const { promise: held, resolve: letGo } = Promise.withResolvers<void>();
  const { node, context, end, calls } = world(async (call, act) => {
    await hanging(call, act).catch(() => {});
    await held;
    throw act.signal.reason;
  });
  let settled = false;
  const step = node.perform(order, context).finally(() => {
    settled = true;
  });
  const refused = expect(step).rejects.toThrow('too late');
  await expect.poll(() => calls.made).toEqual(['perform keep']);
  calls.faults.push('away', 'lost', 'away');
  end.abort(new Error('too late'));
  await new Promise((resolve) => setTimeout(resolve, 150));
  expect(settled).toBe(false);
  letGo();
  await refused;
});

test('what was done all the same, though it was told to stop, is done', async () => {
  const { node, context, end, calls } = world(async (call, act) => {
    await hanging(call, act).catch(() => {});
    return { kept: true };
  });
  const step = node.perform(order, context);
  await expect.poll(() => calls.made).toEqual(['perform keep']);
  end.abort(new Error('too late'));
  expect(await step).toEqual({ kept: true });
});

test('a node that does not answer a look in time counts as silent', async () => {
  const { node, context } = world(hanging);
  await expect(node.observe(member!, context)).rejects.toMatchObject({
    code: 'node-silent',
    details: { node: 'n-other' },
  });
});

test('a look comes back as it is, of a planned member too', async () => {
  const sight = { ...unseen(), running: true };
  const { node, context, seen } = world(async () => sight);
  expect(await node.observe(member!, context)).toEqual(sight);
  expect(seen).toMatchObject([{ call: 'observe', member: { name: 'm1' } }]);
});

test('what was salvaged there is had from there, without a way through here', async () => {
  const { node, context, calls } = world(async () => peer);
  const source = node.salvaged({
    ...order,
    kind: 'salvage',
    found: { salvage: { sha256: peer.sha256, size: 5 } },
  });
  expect(await source.peer?.(context)).toEqual(peer);
  expect(calls.made).toEqual(['offer salvage']);
});
