import { expect, test } from 'vitest';
import { callState, cancelCall, makeCall } from './calls.ts';
import { inventoryOf, settled, testFleet } from './testing/fleet.ts';

const never = new AbortController().signal;
const call = { call: 'observe' as const, member: inventoryOf('etcd-2').members[0]!.description };

const plan = { members: [call.member], controlPlane: [] };

async function led() {
  const fleet = await testFleet();
  const cluster = await fleet.cluster('prod');
  const leader = await fleet.node(cluster, 'etcd-1');
  const other = await fleet.node(cluster, 'etcd-2');
  const placement = { 'etcd-1': leader.node, 'etcd-2': other.node };
  const lead = await fleet.order(leader, { kind: 'lead', input: { plan, placement } });
  const { parts, sync } = fleet.replicas[0]!;
  const wanted = { key: 'step-1', order: lead.id, node: other.node, call, limitMs: 60_000 };
  return { fleet, cluster, leader, other, lead, parts, sync, wanted };
}

test('a call is an order to the other node; asked again with its key there is no second', async () => {
  const { fleet, leader, other, lead, parts, sync, wanted } = await led();
  await using _ = fleet;
  const { call: id } = await makeCall(parts, leader, wanted);
  expect(await makeCall(parts, leader, wanted)).toEqual({ call: id });
  const { orders } = await sync(other);
  expect(orders).toMatchObject([
    { id, kind: 'node', operation: lead.operation, issuedBy: leader.node, input: { call: 'observe' } },
  ]);
  expect(await callState(parts, leader, id, 0, never)).toEqual({ outcome: null, progress: null });
});

test('who waits for a call is told its end at once, with the newest progress', async () => {
  const { fleet, leader, other, parts, sync, wanted } = await led();
  await using _ = fleet;
  const { call: id } = await makeCall(parts, leader, wanted);
  const waiting = callState(parts, leader, id, 30_000, never);
  await settled();
  const at = fleet.context.clock.now().toISOString();
  await sync(other, {
    running: [id],
    events: [{ order: id, n: 0, at, type: 'progress', data: { bytes: 7 } }],
  });
  const outcome = { outcome: 'done' as const, result: { sight: 1 } };
  await sync(other, { outcomes: [{ order: id, outcome }] });
  expect(await waiting).toEqual({ outcome, progress: { bytes: 7 } });
});

test('a call without an end fails as that of a silent node when its time is over', async () => {
  const { fleet, leader, parts, wanted } = await led();
  await using _ = fleet;
  const { call: id } = await makeCall(parts, leader, { ...wanted, limitMs: 10_000 });
  const waiting = callState(parts, leader, id, 30_000, never);
  for (let passed = 0; passed < 10_000; passed += 2_500) {
    await settled();
    await fleet.pass(2_500);
  }
  expect(await waiting).toMatchObject({ outcome: { outcome: 'failed', failure: { code: 'node-silent' } } });
});

test('a node that is away is looked at for two seconds, and given as long for a step as one that is there', async () => {
  const { fleet, leader, other, parts, sync, wanted } = await led();
  await using _ = fleet;
  await sync(other);
  const limitOf = async (key: string, asked: Parameters<typeof makeCall>[2]['call']): Promise<number> => {
    const now = fleet.context.clock.now().getTime();
    const { call: id } = await makeCall(parts, leader, { ...wanted, key, call: asked });
    return Date.parse((await fleet.context.store.orders.get(id))!.order.deadline!) - now;
  };
  await fleet.pass(50_000);
  expect(await limitOf('look', call)).toBe(2_000);
  const release = { call: 'release', plan, member: call.member } as unknown as typeof call;
  expect(await limitOf('release', release)).toBe(60_000);
  await sync(other);
  expect(await limitOf('look again', call)).toBe(60_000);
});

test('a server that has just begun takes nobody for gone whom it has not heard yet', async () => {
  const { fleet, leader, parts, wanted } = await led();
  await using _ = fleet;
  const limitOf = async (key: string): Promise<number> => {
    const { call: id } = await makeCall(parts, leader, { ...wanted, key });
    const { order } = (await fleet.context.store.orders.get(id))!;
    return Date.parse(order.deadline!) - Date.parse(order.createdAt);
  };
  await fleet.pass(50_000);
  expect(await limitOf('early look')).toBe(60_000);
  await fleet.pass(20_000);
  expect(await limitOf('look')).toBe(2_000);
});

test('a call that is given up is called off at its node', async () => {
  const { fleet, leader, other, parts, sync, wanted } = await led();
  await using _ = fleet;
  const { call: id } = await makeCall(parts, leader, wanted);
  await sync(other);
  await cancelCall(parts, leader, id);
  expect((await sync(other, { running: [id] })).cancel).toEqual([id]);
});

test('only the node that leads makes calls, only within its open order, and only into its cluster', async () => {
  const { fleet, cluster, leader, other, lead, parts, wanted } = await led();
  await using _ = fleet;
  const refused = { code: 'call-refused' };
  // Another node of the cluster, with the leader's order.
  await expect(makeCall(parts, other, wanted)).rejects.toMatchObject(refused);
  // An order that is no restore.
  const verify = await fleet.order(leader, {}, 'verify');
  await expect(makeCall(parts, leader, { ...wanted, order: verify.id })).rejects.toMatchObject(refused);
  // A node that the plan gives no part to.
  const third = await fleet.node(cluster, 'etcd-3');
  await expect(makeCall(parts, leader, { ...wanted, node: third.node })).rejects.toMatchObject(refused);
  // A node of another cluster, though the placement names it.
  const stranger = await fleet.node(await fleet.cluster('other'), 'etcd-1');
  const wrong = await fleet.order(leader, {
    kind: 'lead',
    input: { placement: { 'etcd-1': stranger.node } },
  });
  await expect(
    makeCall(parts, leader, { ...wanted, order: wrong.id, node: stranger.node }),
  ).rejects.toMatchObject(refused);
  // Once the order is over.
  const { call: id } = await makeCall(parts, leader, wanted);
  await fleet.context.store.orders.settle(lead.id, { outcome: 'cancelled' }, lead.createdAt);
  await expect(makeCall(parts, leader, { ...wanted, key: 'step-2' })).rejects.toMatchObject(refused);
  // Another's call is not told of.
  await expect(callState(parts, other, id, 0, never)).rejects.toMatchObject(refused);
  await expect(cancelCall(parts, other, id)).rejects.toMatchObject(refused);
});
