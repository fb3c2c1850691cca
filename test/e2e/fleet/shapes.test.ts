import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { hostsOrSkip } from '@holdfast/test-servers';
import { afterEach, describe, expect, test } from 'vitest';
import type { EtcdNode } from './etcd-node.ts';
import { Fleet } from './fleet.ts';
import { expectNew } from './outcome.ts';

const { skip } = await hostsOrSkip();

const names = (nodes: readonly EtcdNode[]): string[] => nodes.map(({ name }) => name);

/** Other numbers of members than three, other numbers afterwards than before, and a snapshot that one node alone has. */
describe.skipIf(skip)('a fleet brings back', { timeout: 300_000 }, () => {
  let fleet: Fleet | undefined;
  afterEach(async () => {
    await fleet?.[Symbol.asyncDispose]();
    fleet = undefined;
  });

  test('a cluster of one member as one of three', async () => {
    fleet = await Fleet.make({ members: 1, spare: 2 });
    const content = await fleet.fillAndSave();
    const operation = await fleet.restore({
      ...{ way: 'snapshot', repository: 'main', snapshot: content.snapshot },
      members: names(fleet.nodes),
    });
    expect(operation).toMatchObject({ state: 'succeeded', failure: null });
    await expectNew(fleet, content, fleet.nodes, content.atSnapshot);
  });

  test('a cluster of three members as one of one: the others are stopped, and cannot come up again', async () => {
    fleet = await Fleet.make({ members: 3 });
    const content = await fleet.fillAndSave();
    const [n1, n2, n3] = fleet.nodes as [EtcdNode, EtcdNode, EtcdNode];
    const operation = await fleet.restore({
      ...{ way: 'snapshot', repository: 'main', snapshot: content.snapshot },
      members: ['n1'],
    });
    expect(operation).toMatchObject({ state: 'succeeded', failure: null });
    await expectNew(fleet, content, [n1], content.atSnapshot);
    for (const former of [n2, n3]) {
      expect(await former.isEtcdRunning()).toBe(false);
      await former.startEtcd(fleet.founding);
      await expect.poll(() => former.log('etcd'), { timeout: 20_000 }).toMatch(/not a directory/);
      await expect.poll(() => former.isEtcdRunning(), { timeout: 20_000 }).toBe(false);
    }
  });

  test('a cluster of seven members of which four have lost their data', async () => {
    fleet = await Fleet.make({ members: 7 });
    const content = await fleet.fillAndSave();
    for (const node of fleet.nodes.slice(3)) {
      await node.killEtcd();
      node.wipe();
    }
    const operation = await fleet.restore({
      way: 'snapshot',
      repository: 'main',
      snapshot: content.snapshot,
    });
    expect(operation).toMatchObject({ state: 'succeeded', failure: null });
    await expectNew(fleet, content, fleet.nodes, content.atSnapshot);
  });

  test('a snapshot in a folder of one node alone: that node leads, and the others have it from there', async () => {
    fleet = await Fleet.make({ members: 3, localRepository: true });
    const content = await fleet.fillAndSave();
    const holders = fleet.nodes.filter(({ host }) => readdirSync(join(host.disk, 'bound')).length > 0);
    expect(holders).toHaveLength(1);
    for (const node of fleet.nodes) {
      await node.killEtcd();
      node.wipe();
    }
    const operation = await fleet.restore({
      way: 'snapshot',
      repository: 'main',
      snapshot: content.snapshot,
    });
    expect(operation).toMatchObject({ state: 'succeeded', failure: null });
    const { items } = await fleet.client.call('listNodes', { params: { cluster: fleet.cluster } });
    expect(items.find(({ id }) => id === operation.node)?.name).toBe(holders[0]!.name);
    await expectNew(fleet, content, fleet.nodes, content.atSnapshot);
  });
});
