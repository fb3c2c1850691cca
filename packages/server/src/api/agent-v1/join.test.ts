import { JoinRequest } from '@holdfast/model/fleet';
import { X509Certificate } from 'node:crypto';
import { expect, test } from 'vitest';
import { join } from './join.ts';
import { renew } from './renew.ts';
import { newRequest, testFleet } from './testing/fleet.ts';

const address = '192.0.2.7';

test('asked again with the same key it is the same node, and one use of the token', async () => {
  await using fleet = await testFleet(2);
  const [{ parts }, { parts: other }] = fleet.replicas as [
    (typeof fleet.replicas)[0],
    (typeof fleet.replicas)[0],
  ];
  const cluster = await fleet.cluster('prod');
  const token = await fleet.joinToken(cluster, 1);
  const { csr } = await newRequest();
  const first = await join(parts, { token, csr, name: 'etcd-1' }, address);
  const again = await join(other, { token, csr, name: 'etcd-1' }, address);
  expect(again.node).toBe(first.node);
  expect(first).toMatchObject({ cluster, clusterName: 'prod', ca: fleet.authority.certificate });
  expect(await fleet.context.store.nodes.ofCluster(cluster)).toHaveLength(1);
  const { subject, validTo } = new X509Certificate(again.certificate);
  expect(subject).toContain(first.node);
  const { certificateNotAfter } = (await fleet.context.store.nodes.get(first.node))!;
  expect(Date.parse(certificateNotAfter!)).toBe(Date.parse(validTo));
  // Another machine finds the token used up.
  const third = await newRequest();
  await expect(join(parts, { token, csr: third.csr, name: 'etcd-2' }, address)).rejects.toMatchObject({
    code: 'join-refused',
  });
});

test('many at once with one token of two uses: two of them join', async () => {
  await using fleet = await testFleet();
  const { parts } = fleet.replicas[0]!;
  const cluster = await fleet.cluster('prod');
  const token = await fleet.joinToken(cluster, 2);
  const joined = await Promise.allSettled(
    Array.from({ length: 5 }, async (_, at) =>
      join(parts, { token, csr: (await newRequest()).csr, name: `etcd-${at}` }, address),
    ),
  );
  expect(joined.filter(({ status }) => status === 'fulfilled')).toHaveLength(2);
  expect(await fleet.context.store.nodes.ofCluster(cluster)).toHaveLength(2);
});

test('an agent that lost its state takes its place again, but not that of one which is there', async () => {
  await using fleet = await testFleet();
  const [{ parts, sync }] = fleet.replicas as [(typeof fleet.replicas)[0]];
  const cluster = await fleet.cluster('prod');
  const token = await fleet.joinToken(cluster);
  const anew = async () => join(parts, { token, csr: (await newRequest()).csr, name: 'etcd-1' }, address);
  const { node } = await anew();
  // It was let in just now, and may be about to ask for the first time.
  await expect(anew()).rejects.toMatchObject({ code: 'node-connected' });
  await fleet.pass(60_000);
  await sync({ node, cluster, address });
  await expect(anew()).rejects.toMatchObject({ code: 'node-connected' });
  await fleet.pass(60_000);
  expect((await anew()).node).toBe(node);
  const { items } = await fleet.context.store.audit.list({ limit: 10 });
  expect(items.map(({ action, of, details }) => [action, of, details['how']])).toEqual([
    ['joinAgent', node, 'new'],
    ['joinAgent', node, 'took-over'],
  ]);
});

test('a node that was removed joins anew, as another one', async () => {
  await using fleet = await testFleet();
  const { parts } = fleet.replicas[0]!;
  const token = await fleet.joinToken(await fleet.cluster('prod'));
  const { csr } = await newRequest();
  const { node } = await join(parts, { token, csr, name: 'etcd-1' }, address);
  await fleet.context.store.nodes.remove(node);
  const next = await join(parts, { token, csr, name: 'etcd-1' }, address);
  expect(next.node).not.toBe(node);
  expect((await join(parts, { token, csr, name: 'etcd-1' }, address)).node).toBe(next.node);
});

test('a token that is unknown or over, or a request that is none, lets nobody in', async () => {
  await using fleet = await testFleet();
  const { parts } = fleet.replicas[0]!;
  const cluster = await fleet.cluster('prod');
  const token = await fleet.joinToken(cluster);
  const { csr } = await newRequest();
  const name = 'etcd-1';
  await expect(join(parts, { token: `${token}x`, csr, name }, address)).rejects.toMatchObject({
    code: 'join-refused',
  });
  await expect(join(parts, { token, csr: 'nothing', name }, address)).rejects.toMatchObject({
    code: 'csr-invalid',
  });
  await fleet.pass(3_600_000);
  await expect(join(parts, { token, csr, name }, address)).rejects.toMatchObject({ code: 'join-refused' });
  expect(await fleet.context.store.nodes.ofCluster(cluster)).toEqual([]);
});

test('a certificate is renewed for the node that shows one, and for no removed one', async () => {
  await using fleet = await testFleet();
  const { parts } = fleet.replicas[0]!;
  const node = await fleet.node(await fleet.cluster('prod'), 'etcd-1');
  await fleet.pass(25 * 24 * 3_600_000);
  const { csr } = await newRequest();
  const { certificate } = await renew(parts, node, { csr });
  expect(new X509Certificate(certificate).subject).toContain(node.node);
  const { certificateNotAfter } = (await fleet.context.store.nodes.get(node.node))!;
  expect(Date.parse(certificateNotAfter!) - fleet.context.clock.now().getTime()).toBeGreaterThan(
    29 * 86_400_000,
  );
  await fleet.context.store.nodes.remove(node.node);
  await expect(renew(parts, node, { csr })).rejects.toMatchObject({ code: 'agent-expelled' });
});

test.each(['a\nb', '\u001b[2J', 'a\u202eb', ''])('no node is called %j', (name) => {
  expect(JoinRequest.safeParse({ token: 'hfj', csr: '', name }).success).toBe(false);
});
