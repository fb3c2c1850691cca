import { Failure } from '@holdfast/base';
import type { NodePart, Operation, OrderOutcome } from '@holdfast/model/fleet';
import { expect, test } from 'vitest';
import { isOver } from './is-over.ts';
import { tellFailure } from './tell-failure.ts';
import { askRestore, finishing, leading, plan, restoreWorld } from './testing/restore-world.ts';
import { cluster, person, World, type Script } from './testing/world.ts';

const isDone = ({ state }: Operation): boolean => isOver(state);
const bob = { by: 'bob', trigger: 'manual' } as const;
const all = { cluster, only: null };

function back(part: NodePart = 'kubelet.service'): OrderOutcome {
  const evidence = 'it answers';
  const restarted = [{ part, pidBefore: 12, pidAfter: 34, tookMs: 2_100, evidence }];
  return { outcome: 'done', result: { restarted, left: [] } };
}

/** Nodes n-aaaaa and n-bbbbb are workers by name first; n-ccccc has the member. */
function withKubelets(world: World): World {
  for (const { node } of world.nodes)
    world.node(node, {
      nodeParts: ['kubelet.service'],
      hasMember: node === 'n-ccccc',
      hasControlPlane: node === 'n-ccccc',
    });
  return world;
}

async function notesIn(world: World, id: string): Promise<unknown[]> {
  const events = await world.store.operations.events(id, 0, 100);
  return events.flatMap(({ type, data }) => (type === 'note' ? [data['note']] : []));
}

test('nodes are restarted one after the other, the control plane first, and each is told of once', async () => {
  await using world = withKubelets(await World.make());
  let open = 0;
  world.script = async ({ order }, of) => {
    const orders = await of.store.orders.ofOperation(order.operation);
    open = Math.max(open, orders.filter(({ outcome }) => outcome === null).length);
    return back();
  };
  const { operations } = world.start();
  const { id } = await operations.restartNodes(person, all);
  const operation = await world.until(id, isDone);
  expect(operation).toMatchObject({ kind: 'restart-nodes', state: 'succeeded', why: '' });
  expect(operation.result).toMatchObject({
    nodes: [{ name: 'host-ccccc' }, { name: 'host-aaaaa' }, { name: 'host-bbbbb' }],
    notRestarted: [],
  });
  expect(world.done).toEqual(['restart n-ccccc', 'restart n-aaaaa', 'restart n-bbbbb']);
  expect(open).toBe(1);
  expect(await notesIn(world, id)).toEqual(
    ['ccccc', 'aaaaa', 'bbbbb'].map((name) => `host-${name}: kubelet.service is ready again after 2.1s`),
  );
});

test('the first node that does not come back ends it, with the names of those that were not touched', async () => {
  await using world = withKubelets(await World.make());
  const why = 'after 5 min kubelet.service is activating (auto-restart)';
  const failure = tellFailure(new Failure('node-part-not-ready', why, { part: 'kubelet.service' }));
  world.script = ({ order }) => (order.node === 'n-aaaaa' ? { outcome: 'failed', failure } : back());
  const { operations } = world.start();
  const { id } = await operations.restartNodes(person, all);
  const operation = await world.until(id, isDone);
  expect(operation).toMatchObject({ state: 'failed', failure: { code: 'node-part-not-ready' } });
  expect(operation.why).toContain(`node host-aaaaa: kubelet.service on the node has not come back: ${why}`);
  expect(operation.why).toContain('not restarted: host-bbbbb');
  expect(world.done).toEqual(['restart n-ccccc', 'restart n-aaaaa']);
  expect(operation.result).toMatchObject({ nodes: [{ name: 'host-ccccc' }] });
  // Only the rest, once that is mended.
  world.script = () => back();
  const rest = await operations.restartNodes(person, { cluster, only: ['n-aaaaa', 'n-bbbbb'] });
  expect(await world.until(rest.id, isDone)).toMatchObject({ state: 'succeeded' });
});

test('a node that falls silent within its restart ends it; one that was away before comes last, for a minute', async () => {
  await using world = withKubelets(await World.make());
  world.node('n-ccccc', { connected: false });
  const { operations } = world.start();
  world.script = () => back();
  const partial = await operations.restartNodes(person, all);
  expect(await world.until(partial.id, isDone)).toMatchObject({
    state: 'partial',
    why: 'not connected: host-ccccc',
    result: { nodes: [{ name: 'host-aaaaa' }, { name: 'host-bbbbb' }], notRestarted: ['host-ccccc'] },
  });
  world.script = () => undefined;
  world.node('n-ccccc', { connected: true });
  const silent = await operations.restartNodes(person, all);
  await world.go(1_000);
  world.node('n-ccccc', { connected: false, seenAt: world.clock.now().toISOString() });
  expect(await world.until(silent.id, isDone)).toMatchObject({
    state: 'failed',
    failure: { code: 'node-silent' },
  });
});

test('a restart that is given up lets the node come back that is at it, and touches no other', async () => {
  await using world = withKubelets(await World.make());
  world.script = ({ order }) => (order.node === 'n-ccccc' ? back() : undefined);
  const { operations } = world.start();
  const { id } = await operations.restartNodes(person, all);
  await world.go(1_000);
  await operations.cancel(bob, id, 'enough');
  expect(await world.until(id, isDone)).toMatchObject({
    state: 'cancelled',
    why: 'given up by bob: enough',
    result: { nodes: [{ name: 'host-ccccc' }], notRestarted: ['host-aaaaa', 'host-bbbbb'] },
  });
});

/** How a restart of nodes is told, whose first server dies at a call of the store. */
async function story(dieAt?: number): Promise<{ calls: number; done: unknown }> {
  await using world = withKubelets(await World.make());
  world.paceMs = 500;
  world.script = () => back();
  const { id } = await world.replica().operations.restartNodes(person, all);
  const first = world.start(dieAt);
  await world.until(id, (operation) => isDone(operation) || first.life.dead);
  if (first.life.dead) world.start();
  const { state, result } = await world.until(id, isDone);
  return { calls: first.life.calls, done: [state, result, world.done, await notesIn(world, id)] };
}

test('a server that dies at any call is followed by one that restarts each node once', async () => {
  const { calls, done } = await story();
  expect(calls).toBeGreaterThan(10);
  for (let at = 0; at < calls; at += 1) expect((await story(at)).done, `died at call ${at}`).toEqual(done);
}, 120_000);

test('a unit that runs a member too is not stopped while another member is not in quorum', async () => {
  await using world = await World.make();
  for (const { node } of world.nodes) world.node(node, { nodeParts: ['k3s.service'] });
  world.script = ({ order }, of) => {
    of.node(order.node, { inQuorum: false });
    return back('k3s.service');
  };
  const { operations } = world.start();
  const { id } = await operations.restartNodes(person, all);
  await world.go(60_000);
  expect(world.done).toEqual(['restart n-aaaaa']);
  expect((await world.get(id)).why).toContain(
    'host-bbbbb runs a member of etcd too, and that of host-aaaaa is',
  );
  world.node('n-aaaaa', { inQuorum: true });
  await world.go(10_000);
  expect(world.done).toEqual(['restart n-aaaaa', 'restart n-bbbbb']);
  expect(await world.until(id, isDone)).toMatchObject({
    ...{ state: 'failed', failure: { code: 'no-node' } },
    result: { notRestarted: ['host-ccccc'] },
  });
});

test('a unit that runs a member too is not stopped while another member may be down: nobody hears of its node', async () => {
  await using world = await World.make();
  for (const { node } of world.nodes) world.node(node, { nodeParts: ['k3s.service'] });
  // What it told last was that all is well.
  world.node('n-ccccc', { connected: false, inQuorum: true });
  world.script = () => back('k3s.service');
  const { operations } = world.start();
  const { id } = await operations.restartNodes(person, all);
  expect(await world.until(id, isDone)).toMatchObject({
    ...{ state: 'failed', failure: { code: 'no-node' } },
    result: { notRestarted: ['host-aaaaa', 'host-bbbbb', 'host-ccccc'] },
  });
  expect(world.done).toEqual([]);
});

const restoring: Script = (stored, world) => {
  const { kind, input } = stored.order;
  if (kind === 'restart') return back();
  if (input['verb'] === 'release') return { outcome: 'done', result: { paths: [] } };
  return leading(() => finishing)(stored, world);
};

test('a restore that has succeeded is followed by it, and a release of that restore by none', async () => {
  await using world = withKubelets(await restoreWorld(restoring));
  const replica = world.start();
  const restore = await world.until((await askRestore(world, replica)).id, isDone);
  const next = String(restore.result!['restartNodes']);
  expect(await world.until(next, isDone)).toMatchObject({
    ...{ kind: 'restart-nodes', state: 'succeeded', requestedBy: 'ann' },
    input: { after: restore.id },
  });
  expect(world.done.filter((each) => each.startsWith('restart'))).toHaveLength(3);
  await replica.operations.again(bob, restore.id, { verb: 'release', attest: [] });
  expect(await world.until(restore.id, isDone)).toMatchObject({ state: 'succeeded' });
  const { items } = await world.store.operations.list({
    clusters: [cluster],
    kind: 'restart-nodes',
    limit: 10,
  });
  expect(items).toHaveLength(1);
});

test('a restore is followed by none where the request says so, or where no node tells of anything to restart', async () => {
  await using world = await restoreWorld(restoring);
  const replica = world.start();
  const plain = await world.until((await askRestore(world, replica)).id, isDone);
  expect(plain).toMatchObject({ state: 'succeeded', failure: null });
  expect(await notesIn(world, plain.id)).toEqual([
    expect.stringMatching(/^no node tells of anything that runs Kubernetes, so no node is restarted/),
  ]);
  // The kubelet beside a plain etcd may be of another cluster.
  withKubelets(world).node('n-ccccc', { hasControlPlane: false });
  const beside = await world.until((await askRestore(world, replica)).id, isDone);
  expect(await notesIn(world, beside.id)).toEqual([
    expect.stringMatching(/^the cluster was added as plain etcd/),
  ]);
  withKubelets(world);
  const left = await world.until((await askRestore(world, replica, { restartNodes: false })).id, isDone);
  expect(left).toMatchObject({ state: 'succeeded' });
  expect(await notesIn(world, left.id)).toEqual([]);
  expect(world.done.filter((each) => each.startsWith('restart'))).toEqual([]);
});

test('it is refused while a restore or another one is at work, for strange nodes, and where nothing can be restarted', async () => {
  await using world = await restoreWorld((stored, of) =>
    stored.order.kind === 'restart' ? undefined : restoring(stored, of),
  );
  const { operations } = world.replica();
  const refused = async (only: readonly string[] | null, code: string): Promise<void> => {
    await expect(operations.restartNodes(person, { cluster, only })).rejects.toMatchObject({ code });
  };
  await refused(null, 'nothing-to-restart');
  withKubelets(world);
  await refused(['n-zzzzz'], 'node-unknown');
  const replica = world.start();
  const first = await operations.restartNodes(person, all);
  await refused(null, 'cluster-busy');
  await world.go(1_000);
  // A restore has it given up, and is followed by its own.
  const restore = await askRestore(world, replica);
  await refused(null, 'cluster-busy');
  expect(await world.until(first.id, isDone)).toMatchObject({
    state: 'cancelled',
    why: `given up by server: ${restore.id} restores the cluster`,
  });
  const ended = await world.until(restore.id, isDone);
  expect(ended).toMatchObject({ state: 'succeeded' });
  expect(ended.result!['restartNodes']).toMatch(/^op-/);
});

const rolledBack = [
  ...finishing,
  { event: 'back', evidence: { why: 'bob' } } as const,
  ...plan.steps
    .toReversed()
    .flatMap(({ number: step }) => [{ event: 'undo', step } as const, { event: 'undone', step } as const]),
  { event: 'rolled-back' } as const,
];

test('a rollback has the restart after its restore given up first, and is followed by its own', async () => {
  await using world = withKubelets(await restoreWorld(restoring));
  const replica = world.start();
  world.script = (stored, of) => (stored.order.kind === 'restart' ? undefined : restoring(stored, of));
  const restore = await world.until((await askRestore(world, replica)).id, isDone);
  const first = String(restore.result!['restartNodes']);
  await world.go(1_000);
  const begun = (await world.orders(first)).length;
  expect(begun).toBe(1);
  let led: number[] = [];
  const from = new Map([['told', finishing.length]]);
  world.script = async (stored, of) => {
    if (stored.order.kind === 'restart') return led.length === 0 ? undefined : back();
    const open = (await of.orders(first)).filter(({ outcome }) => outcome === null);
    led = [...led, open.length];
    return leading(() => rolledBack, from)(stored, of);
  };
  await replica.operations.again(bob, restore.id, { verb: 'rollback', attest: [] });
  const ended = await world.until(restore.id, isDone);
  expect(ended.state).toBe('rolled-back');
  expect(led.every((open) => open === 0)).toBe(true);
  expect(await world.until(first, isDone)).toMatchObject({ state: 'cancelled' });
  const second = String(ended.result!['restartNodes']);
  expect(second).not.toBe(first);
  expect(await world.until(second, isDone)).toMatchObject({ state: 'succeeded' });
});

test('a rollback that is refused leaves the restore as it is, and no node is restarted again', async () => {
  await using world = withKubelets(await restoreWorld(restoring));
  const replica = world.start();
  const restore = await world.until((await askRestore(world, replica)).id, isDone);
  const next = String(restore.result!['restartNodes']);
  await world.until(next, isDone);
  const failure = tellFailure(new Failure('restore-state', 'm4 has joined', { id: plan.id }));
  world.script = (stored, of) =>
    stored.order.kind === 'lead' ? { outcome: 'failed', failure } : restoring(stored, of);
  await replica.operations.again(bob, restore.id, { verb: 'rollback', attest: [] });
  expect(await world.until(restore.id, isDone)).toMatchObject({
    ...{ state: 'succeeded', failure: { code: 'restore-state' } },
    result: { restartNodes: next },
  });
  expect(world.done.filter((each) => each.startsWith('restart'))).toHaveLength(3);
});
