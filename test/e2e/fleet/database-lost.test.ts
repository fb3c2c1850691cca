import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { hostsOrSkip } from '@holdfast/test-servers';
import { afterEach, describe, expect, test } from 'vitest';
import { Fleet } from './fleet.ts';
import { expectNew } from './outcome.ts';

const { skip } = await hostsOrSkip();

describe.skipIf(skip)('the server loses its database', () => {
  let fleet: Fleet | undefined;
  afterEach(async () => fleet?.[Symbol.asyncDispose]());

  test('and a new one has everything again from repository, agents and an export of people', async () => {
    fleet = await Fleet.make({ members: 3 });
    const content = await fleet.fillAndSave();
    const name = 'prod';
    await fleet.client.call('createUser', {
      body: {
        name: 'ann',
        password: 'staple battery horse',
        grants: [{ role: 'restorer', cluster: fleet.cluster }],
      },
    });
    const people = await fleet.client.call('exportPeople');
    const before = fleet.cluster;

    await fleet.killServer();
    rmSync(join(fleet.server.disk, 'server'), { recursive: true });
    await fleet.startServer();
    await fleet.logIn();
    await fleet.client.call('createRepository', {
      body: {
        spec: { name: 'main', path: fleet.repository, readByServer: true },
        secrets: {},
        create: false,
      },
    });
    const { items: unknown } = await fleet.client.call('listUnknownClusters', {
      params: { repository: 'main' },
    });
    expect(unknown).toMatchObject([{ name, snapshots: 1 }]);
    const { id } = await fleet.client.call('createCluster', {
      body: { name, description: '', distribution: 'etcd', repositories: ['main'], approvals: 0 },
    });
    fleet.cluster = id;
    expect(id).not.toBe(before);
    expect(await fleet.client.call('rescanCluster', { params: { cluster: id } })).toMatchObject({
      snapshots: 1,
    });
    const { items } = await fleet.client.call('listSnapshots', { params: { cluster: id } });
    expect(items).toMatchObject([{ name: content.snapshot, state: 'verified' }]);

    // The CA is another one, too: agents join as if for the first time.
    for (const node of fleet.members) {
      await fleet.killAgent(node);
      await fleet.startAgent(node, {}, { joins: true });
    }
    await fleet.connected(fleet.members);
    const taken = await fleet.client.call('importPeople', { body: people });
    expect(taken).toMatchObject({ added: ['ann'], kept: ['admin'], unknownClusters: [] });
    const { items: users } = await fleet.client.call('listUsers');
    expect(users.find((each) => each.name === 'ann')?.grants).toEqual([{ role: 'restorer', cluster: id }]);

    for (const node of fleet.members.slice(1)) {
      await node.killEtcd();
      node.wipe();
    }
    const restored = await fleet.restore({ way: 'snapshot', repository: 'main' });
    expect(restored).toMatchObject({ state: 'succeeded', failure: null });
    await expectNew(fleet, content, fleet.members, content.atSnapshot);
  });
});
