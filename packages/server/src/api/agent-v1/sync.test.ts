import { expect, test } from 'vitest';
import { sync } from './sync.ts';
import { inventoryOf, quietRequest, settled, testFleet, type TestFleet } from './testing/fleet.ts';

async function oneNode(fleet: TestFleet) {
  const cluster = await fleet.cluster('prod');
  const node = await fleet.node(cluster, 'etcd-1');
  const server = fleet.replicas[0]!;
  // What an agent knows after its first requests.
  const { assignment } = await server.sync(node);
  const known = { assignment: assignment!.version };
  return { cluster, node, server, known };
}

/** Whether it is answered yet. */
function watched<T>(promise: Promise<T>): { readonly promise: Promise<T>; isOver: boolean } {
  const one = { promise, isOver: false };
  void promise.finally(() => (one.isOver = true));
  return one;
}

test('a node is handed its orders until it says that it knows them', async () => {
  await using fleet = await testFleet();
  const { node, server, known } = await oneNode(fleet);
  const { id } = await fleet.order(node);
  for (let time = 0; time < 3; time++) {
    const { orders } = await server.sync(node, known);
    expect(orders.map((order) => order.id)).toEqual([id]);
  }
  expect((await server.sync(node, { ...known, running: [id] })).orders).toEqual([]);
  // Its state was lost.
  expect((await server.sync(node, known)).orders).toHaveLength(1);
});

test('a request waits for as long as it says, and for 30 seconds at most', async () => {
  await using fleet = await testFleet();
  const { node, server, known } = await oneNode(fleet);
  const short = watched(server.sync(node, { ...known, waitMs: 5_000 }));
  await settled();
  await fleet.pass(4_000);
  expect(short.isOver).toBe(false);
  await fleet.pass(1_000);
  expect((await short.promise).orders).toEqual([]);
  const long = watched(server.sync(node, { ...known, waitMs: 55_000 }));
  await settled();
  await fleet.pass(29_000);
  expect(long.isOver).toBe(false);
  await fleet.pass(1_000);
  expect(await long.promise).toMatchObject({ orders: [], cancel: [], wantsInventory: false, renew: false });
});

test('a new order wakes its node at once, and no other', async () => {
  await using fleet = await testFleet();
  const { cluster, node, server, known } = await oneNode(fleet);
  const other = await fleet.node(cluster, 'etcd-2');
  const asked = { ...known, waitMs: 30_000 };
  const one = watched(server.sync(node, asked));
  const two = watched(server.sync(other, asked));
  await settled();
  const { id } = await fleet.order(node);
  expect((await one.promise).orders.map((order) => order.id)).toEqual([id]);
  await settled();
  expect(two.isOver).toBe(false);
});

test('a changed policy wakes the nodes of its cluster with a new assignment', async () => {
  await using fleet = await testFleet();
  const { cluster, node, server, known } = await oneNode(fleet);
  const { store, sealer, clock } = fleet.context;
  const waiting = server.sync(node, { ...known, waitMs: 30_000 });
  await settled();
  const secrets = { secretAccessKey: 'very secret' };
  await store.repositories.create({
    ...{ name: 'main', spec: { name: 'main', path: '/backup', readByServer: true } },
    secretNames: ['secretAccessKey'],
    sealed: sealer.seal('repository/main', Buffer.from(JSON.stringify(secrets))),
    createdAt: clock.now().toISOString(),
  });
  const policy = {
    ...{ name: 'nightly', schedule: null, jitterSeconds: 0, catchUp: true, retention: { last: 3 } },
    ...{ targets: [{ repository: 'main', required: true }], check: null, drill: null, pause: null },
  };
  await store.policies.put(cluster, null, policy as never, { last: {}, next: {} }, clock.now().toISOString());
  store.bell.ring('cluster', cluster);
  const { assignment } = await waiting;
  expect(assignment).toMatchObject({
    clusterName: 'prod',
    repositories: [{ spec: { name: 'main' }, secrets }],
    policies: [{ policy: { name: 'nightly' } }],
  });
  // Told again until the agent names it.
  expect((await server.sync(node, known)).assignment).toEqual(assignment);
  expect((await server.sync(node, { assignment: assignment!.version })).assignment).toBeUndefined();
  expect(fleet.context.logged()).not.toContain('very secret');
});

test('a newer request of the same agent ends the older one at once', async () => {
  await using fleet = await testFleet();
  const { node, server, known } = await oneNode(fleet);
  const older = server.sync(node, { ...known, waitMs: 30_000 });
  await settled();
  const newer = watched(server.sync(node, { ...known, waitMs: 30_000 }));
  expect((await older).orders).toEqual([]);
  await settled();
  expect(newer.isOver).toBe(false);
  await fleet.pass(30_000);
  await newer.promise;
});

test('an agent that hangs up counts as away after ten seconds, unless it is back', async () => {
  await using fleet = await testFleet();
  const { node: caller, server, known } = await oneNode(fleet);
  const { parts, gate, sync: ask } = server;
  const hangUp = async (): Promise<void> => {
    const gone = new AbortController();
    const request = { ...quietRequest(fleet.context.clock.now()), ...known, waitMs: 30_000 };
    const waiting = sync(parts, caller, request, gone.signal);
    await settled();
    gone.abort();
    await waiting;
  };
  const isThere = async (): Promise<boolean> =>
    gate.connected((await fleet.context.store.nodes.get(caller.node))!);
  await ask(caller);
  await hangUp();
  await fleet.pass(8_000);
  expect(await isThere()).toBe(true);
  await ask(caller);
  await fleet.pass(8_000);
  expect(await isThere()).toBe(true);
  await hangUp();
  await fleet.pass(11_000);
  expect(await isThere()).toBe(false);
  await ask(caller);
  expect(await isThere()).toBe(true);
});

test('a server that stops answers all at once, and sends who comes later to another', async () => {
  await using fleet = await testFleet();
  const { node, server, known } = await oneNode(fleet);
  const waiting = server.sync(node, { ...known, waitMs: 30_000 });
  await settled();
  await server.stop();
  expect((await waiting).orders).toEqual([]);
  await expect(server.sync(node, known)).rejects.toMatchObject({ code: 'server-stopping' });
});

test('a node that is removed is expelled, also while its request waits', async () => {
  await using fleet = await testFleet();
  const { node, server, known } = await oneNode(fleet);
  const waiting = server.sync(node, { ...known, waitMs: 30_000 });
  await settled();
  await fleet.context.store.nodes.remove(node.node);
  fleet.context.store.bell.ring('node', node.node);
  await expect(waiting).rejects.toMatchObject({ code: 'agent-expelled' });
  await expect(server.sync(node, known)).rejects.toMatchObject({ code: 'agent-expelled' });
});

test('a certificate that names another cluster than the node is in counts for nothing', async () => {
  await using fleet = await testFleet();
  const { node, server } = await oneNode(fleet);
  const other = await fleet.cluster('other');
  await expect(server.sync({ ...node, cluster: other })).rejects.toMatchObject({ code: 'agent-expelled' });
});

test('a quiet request asks nothing of the store; after a while it looks at its orders again', async () => {
  await using fleet = await testFleet();
  const { node, server, known } = await oneNode(fleet);
  await server.sync(node, known);
  const { store } = fleet.context;
  const asked: string[] = [];
  const watch = <Table extends object>(name: string, table: Table): Table =>
    new Proxy(table, {
      get: (of, key) => {
        asked.push(`${name}.${String(key)}`);
        return Reflect.get(of, key) as unknown;
      },
    });
  Object.assign(store, { nodes: watch('nodes', store.nodes), orders: watch('orders', store.orders) });
  await server.sync(node, known);
  expect(asked).toEqual([]);
  await fleet.pass(60_000);
  asked.length = 0;
  await server.sync(node, known);
  // The node itself is read again now and then as well, and what was heard is stored by the gate.
  expect(asked.filter((each) => each.startsWith('orders'))).toEqual(['orders.open']);
});

test('who was heard is stored all together every five seconds', async () => {
  await using fleet = await testFleet();
  const { node, server, known } = await oneNode(fleet);
  await fleet.pass(4_000);
  const heard = async () => (await fleet.context.store.nodes.get(node.node))?.seenAt;
  expect(await heard()).toBeNull();
  expect(server.gate.connected({ id: node.node, seenAt: null })).toBe(true);
  const at = fleet.context.clock.now().toISOString();
  await server.sync(node, known);
  await fleet.pass(1_000);
  expect(await heard()).toBe(at);
  await fleet.pass(44_000);
  expect(server.gate.connected({ id: node.node, seenAt: null })).toBe(true);
  await fleet.pass(1);
  expect(server.gate.connected({ id: node.node, seenAt: null })).toBe(false);
});

test('an inventory is asked for until it is there, and stored when its hash has changed', async () => {
  await using fleet = await testFleet();
  const { node, server, known } = await oneNode(fleet);
  const { nodes } = fleet.context.store;
  expect((await server.sync(node, { ...known, inventoryHash: 'a' })).wantsInventory).toBe(true);
  const inventory = inventoryOf('etcd-1');
  const told = await server.sync(node, { ...known, inventoryHash: 'a', inventory });
  expect(told.wantsInventory).toBe(false);
  expect(await nodes.get(node.node)).toMatchObject({ inventoryHash: 'a', inventory });
  expect((await server.sync(node, { ...known, inventoryHash: 'a' })).wantsInventory).toBe(false);
});

test('the skew of a clock is told of, and deadlines are by the clock of the node', async () => {
  await using fleet = await testFleet();
  const { node, server, known } = await oneNode(fleet);
  const { clock, store } = fleet.context;
  const ahead = (): string => new Date(clock.now().getTime() + 600_000).toISOString();
  const deadline = new Date(clock.now().getTime() + 60_000).toISOString();
  await fleet.order(node, { deadline });
  const { orders } = await server.sync(node, { ...known, now: ahead() });
  expect(Date.parse(orders[0]!.deadline!) - Date.parse(deadline)).toBe(600_000);
  await fleet.pass(5_000);
  expect(await store.nodes.get(node.node)).toMatchObject({ clockSkewMs: 600_000 });
});

test('what a round trip takes is no skew', async () => {
  await using fleet = await testFleet();
  const { node, server, known } = await oneNode(fleet);
  const { clock, store } = fleet.context;
  await server.sync(node, known);
  // 400 ms on its way each time: sent at 600, here at 1,000.
  clock.advance(800);
  await server.sync(node, { ...known, now: new Date(clock.now().getTime() - 400).toISOString() });
  await fleet.pass(5_000);
  expect(await store.nodes.get(node.node)).toMatchObject({ clockSkewMs: 0 });
});

test('an order that is called off is told of until the agent ends it', async () => {
  await using fleet = await testFleet();
  const { node, server, known } = await oneNode(fleet);
  const { orders } = fleet.context.store;
  const { id } = await fleet.order(node);
  await server.sync(node, known);
  const busy = { ...known, running: [id], waitMs: 30_000 };
  const waiting = server.sync(node, busy);
  await settled();
  await orders.cancel(id);
  expect((await waiting).cancel).toEqual([id]);
  // While it winds down it is not answered in a loop.
  const again = watched(server.sync(node, busy));
  await fleet.pass(1_000);
  expect(again.isOver).toBe(false);
  await fleet.pass(1_000);
  expect((await again.promise).cancel).toEqual([id]);
  const outcomes = [{ order: id, outcome: { outcome: 'cancelled' as const } }];
  expect((await server.sync(node, { ...known, outcomes })).storedOutcomes).toEqual([id]);
  expect((await orders.get(id))?.outcome).toEqual({ outcome: 'cancelled' });
});

test('an order that ends without its agent is called off there; one that never came is over', async () => {
  await using fleet = await testFleet();
  const { node, server, known } = await oneNode(fleet);
  const { orders } = fleet.context.store;
  const { id } = await fleet.order(node);
  await orders.settle(id, { outcome: 'cancelled' }, fleet.context.clock.now().toISOString());
  expect((await server.sync(node, { ...known, running: [id] })).cancel).toEqual([id]);
  const never = await fleet.order(node);
  await orders.cancel(never.id);
  expect((await server.sync(node, known)).orders).toEqual([]);
  expect((await orders.get(never.id))?.outcome).toEqual({ outcome: 'cancelled' });
});

test('an order whose time is over fails as that of a silent node, and is not handed out', async () => {
  await using fleet = await testFleet();
  const { node, server, known } = await oneNode(fleet);
  const { orders } = fleet.context.store;
  const { id } = await fleet.order(node, { deadline: fleet.context.clock.now().toISOString() });
  expect((await server.sync(node, known)).orders).toEqual([]);
  expect((await orders.get(id))?.outcome).toMatchObject({ failure: { code: 'node-silent' } });
});

test('what is told of orders of another node, or of none, is dropped', async () => {
  await using fleet = await testFleet();
  const { cluster, node, server, known } = await oneNode(fleet);
  const other = await fleet.node(cluster, 'etcd-2');
  const { id } = await fleet.order(other);
  const at = fleet.context.clock.now().toISOString();
  const done = { outcome: 'done' as const, result: {} };
  const told = await server.sync(node, {
    ...known,
    outcomes: [
      { order: id, outcome: done },
      { order: 'o-unknown', outcome: done },
    ],
    events: [{ order: id, n: 0, at, type: 'note', data: {} }],
  });
  expect(told).toMatchObject({
    storedOutcomes: [id, 'o-unknown'],
    storedEvents: [{ order: id, upTo: 0 }],
  });
  const { store } = fleet.context;
  expect((await store.orders.get(id))?.outcome).toBeNull();
  expect(await store.orders.events(id, 0)).toEqual([]);
});

test('a certificate is to be renewed ten days before its end', async () => {
  await using fleet = await testFleet();
  const { node, server, known } = await oneNode(fleet);
  await fleet.pass(19 * 24 * 3_600_000);
  expect((await server.sync(node, known)).renew).toBe(false);
  await fleet.pass(24 * 3_600_000);
  expect((await server.sync(node, known)).renew).toBe(true);
});

test('replicas serve the same node: an order made on one wakes it on the other', async () => {
  await using fleet = await testFleet(2);
  const { node, known } = await oneNode(fleet);
  const [first, second] = fleet.replicas;
  const waiting = second!.sync(node, { ...known, waitMs: 30_000 });
  await settled();
  const { id } = await fleet.order(node);
  expect((await waiting).orders.map((order) => order.id)).toEqual([id]);
  // Its outcome goes to the other one.
  const outcomes = [{ order: id, outcome: { outcome: 'done' as const, result: {} } }];
  expect((await first!.sync(node, { ...known, outcomes })).storedOutcomes).toEqual([id]);
  expect((await second!.sync(node, known)).orders).toEqual([]);
});

test('an inventory that is larger than any machine has is refused', async () => {
  await using fleet = await testFleet();
  const { node, server, known } = await oneNode(fleet);
  const inventory = { ...inventoryOf('etcd-1'), notes: ['x'.repeat(1_100_000)] };
  const told = server.sync(node, { ...known, inventory, inventoryHash: 'other' });
  await expect(told).rejects.toMatchObject({ code: 'body-too-large' });
  expect((await fleet.context.store.nodes.get(node.node))!.inventory).toBeNull();
});
