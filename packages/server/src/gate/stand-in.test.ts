import { expect, test } from 'vitest';
import { inventoryOf, testFleet, type Replica } from '../api/agent-v1/testing/fleet.ts';
import type { AgentCaller } from '../auth/caller.ts';
import { makeGate } from './gate.ts';

/** Which of the nodes a replica tells that they stand in, as they ask it one after another. */
async function standIns({ sync }: Replica, nodes: readonly AgentCaller[]): Promise<string[]> {
  const named: string[] = [];
  for (const node of nodes) {
    const { assignment } = await sync(node, { inventoryHash: 'first' });
    if (assignment!.standsIn) named.push(node.node);
  }
  return named;
}

async function threeNodes(replicas = 1) {
  const fleet = await testFleet(replicas);
  const cluster = await fleet.cluster('prod');
  const nodes: AgentCaller[] = [];
  for (const name of ['etcd-1', 'etcd-2', 'etcd-3']) {
    nodes.push(await fleet.node(cluster, name, true));
    await fleet.pass(1_000);
  }
  return { fleet, cluster, nodes };
}

/** Everything is asked again every few seconds, as agents do. */
async function minutes(
  fleet: Awaited<ReturnType<typeof testFleet>>,
  count: number,
  asking: readonly AgentCaller[],
): Promise<void> {
  for (let passed = 0; passed < count * 60; passed += 20) {
    await fleet.pass(20_000);
    for (const node of asking)
      for (const { sync } of fleet.replicas) await sync(node, { inventoryHash: 'first' });
  }
}

test('one node stands in, the same for all replicas and whoever asks first', async () => {
  const { fleet, nodes } = await threeNodes(2);
  await using _ = fleet;
  const [first, second] = fleet.replicas as [Replica, Replica];
  const [one] = await standIns(first, nodes.toReversed());
  expect(await standIns(first, nodes)).toEqual([one]);
  expect(await standIns(second, nodes)).toEqual([one]);
  const seen = await second.gate.nodesOf(nodes[0]!.cluster);
  expect(seen.filter(({ standsIn }) => standsIn).map(({ node }) => node)).toEqual([one]);
});

test('it goes on when others come, and gives up once it was silent for two minutes', async () => {
  const { fleet, cluster, nodes } = await threeNodes(2);
  await using _ = fleet;
  const [first, second] = fleet.replicas as [Replica, Replica];
  expect(await standIns(first, nodes)).toEqual([nodes[0]!.node]);
  await fleet.node(cluster, 'etcd-0', true);
  await minutes(fleet, 5, nodes);
  expect(await standIns(second, nodes)).toEqual([nodes[0]!.node]);
  const rest = nodes.slice(1);
  await minutes(fleet, 1, rest);
  expect(await standIns(first, rest)).toEqual([]);
  await minutes(fleet, 4, rest);
  expect(await standIns(first, rest)).toEqual([rest[0]!.node]);
  expect(await standIns(second, rest)).toEqual([rest[0]!.node]);
  // It stays there when the first one is back.
  await minutes(fleet, 3, nodes);
  expect(await standIns(first, nodes)).toEqual([rest[0]!.node]);
});

test('a node without a member of etcd does not stand in; the first that tells of one does', async () => {
  await using fleet = await testFleet();
  const [server] = fleet.replicas as [Replica];
  const node = await fleet.node(await fleet.cluster('prod'), 'etcd-1');
  expect((await server.sync(node)).assignment?.standsIn).toBe(false);
  const told = await server.sync(node, { inventoryHash: 'a', inventory: inventoryOf('etcd-1') });
  expect(told.assignment?.standsIn).toBe(true);
});

test('a server that has just begun takes nobody for silent', async () => {
  const { fleet, cluster, nodes } = await threeNodes();
  await using _ = fleet;
  await standIns(fleet.replicas[0]!, nodes);
  await fleet.replicas[0]!.stop();
  await fleet.pass(3_600_000);
  const gate = makeGate(fleet.context, { standInAfterMs: 60_000 });
  gate.sightings.hear({ node: nodes[2]!.node, agentVersion: '', clockSkewMs: 0 });
  expect((await gate.assignments.of(cluster, nodes[0]!.node))?.standsIn).toBe(true);
  expect((await gate.assignments.of(cluster, nodes[2]!.node))?.standsIn).toBe(false);
});

test('where a secret cannot be opened the agents keep what they have', async () => {
  const { fleet, cluster, nodes } = await threeNodes();
  await using _ = fleet;
  const { store, clock } = fleet.context;
  await store.repositories.create({
    ...{ name: 'main', spec: { name: 'main', path: '/backup', readByServer: true } },
    ...{ secretNames: ['passphrase'], sealed: new Uint8Array(60), createdAt: clock.now().toISOString() },
  });
  const { spec } = (await store.clusters.get(cluster))!;
  await store.clusters.put(cluster, null, { ...spec, repositories: ['main'] }, clock.now().toISOString());
  const { assignment, orders } = await fleet.replicas[0]!.sync(nodes[0]!);
  expect(assignment).toBeUndefined();
  expect(orders).toEqual([]);
});
