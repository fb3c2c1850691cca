import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  etcdMinors,
  etcdOrSkip,
  planCluster,
  startCluster,
  startPlanned,
  type ClusterOptions,
  type ClusterPlan,
  type EtcdCluster,
  type EtcdMinor,
} from '@holdfast/test-servers';
import type { BuiltDataDir } from '@holdfast/etcd/datadir';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  firstWalOf,
  liveAfterRestore,
  pairsOf,
  restoreByEtcd,
  restoreByHoldfast,
  type RestoreHow,
  type Seen,
} from './index.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-compare-'));
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

const bump = { by: 1_000_000, markCompacted: true };

/** Starts a cluster, has it filled, and saves it with etcd's own tool. */
async function saved(
  options: ClusterOptions,
  fill: (cluster: EtcdCluster) => Promise<void>,
): Promise<{ snapshot: string; auth: EtcdCluster['auth'] }> {
  await using cluster = await startCluster({ ...options, dir: join(await mkdtemp(join(folder, 'source-'))) });
  await fill(cluster);
  const snapshot = join(cluster.dir, 'snapshot.db');
  await cluster.snapshotSave(snapshot);
  return { snapshot, auth: cluster.auth };
}

/** A bit of all that a snapshot may hold. */
async function fillRichly(cluster: EtcdCluster): Promise<void> {
  const gateway = cluster.gateway();
  await gateway.leaseGrant(36_000, 42n);
  await gateway.leaseGrant(36_000, (1n << 62n) + 1n);
  for (let i = 0; i < 300; i++) {
    await gateway.put(`/registry/pods/p${i % 60}`, `${'v'.repeat(i * 5)}${i}`, i % 7 === 0 ? 42n : undefined);
    if (i % 10 === 3) await gateway.deleteRange(`/registry/pods/p${i % 60}`);
  }
  await gateway.put('large', Buffer.alloc(1_200_000, 'x'), (1n << 62n) + 1n);
  await gateway.txn([
    { put: 'a', value: '1' },
    { put: 'b', value: '' },
    { delete: '/registry/pods/p1', end: '/registry/pods/p2' },
  ]);
  await gateway.roleAdd('reader');
  await gateway.roleGrant('reader', 'READ', '/registry/', '/registry0');
  await gateway.userAdd('alice', 'secret');
  await gateway.userGrantRole('alice', 'reader');
  await gateway.compact(200);
  await gateway.put('c', 'after the compaction');
}

/** Where one of the two comes to live: the same names, ports and token, so that all ids are the same. */
async function planFor(options: ClusterOptions, first?: ClusterPlan): Promise<ClusterPlan> {
  return planCluster({
    ...options,
    dir: await mkdtemp(join(folder, 'restored-')),
    ...(first !== undefined && { token: first.token, ports: first.members.map(({ ports }) => ports) }),
  });
}

async function live(plan: ClusterPlan): Promise<Seen[]> {
  await using cluster = await startPlanned(plan, { restored: true });
  return await liveAfterRestore(cluster);
}

/**
 * Restores a snapshot twice, by etcd's own tool and by Holdfast, and expects the same files and the same life. Voters
 * in the db are left out: etcd's tool leaves the old cluster's there.
 */
async function expectSame(options: ClusterOptions, how: RestoreHow): Promise<BuiltDataDir[]> {
  const theirs = await planFor(options);
  const ours = await planFor(options, theirs);
  await restoreByEtcd(theirs, how);
  const built = await restoreByHoldfast(ours, how);
  for (const [i, { dataDir }] of ours.members.entries()) {
    const other = theirs.members[i]!.dataDir;
    const old = options.version === '3.4' ? oldMembers : [];
    const db = 'member/snap/db';
    const [a, b] = await Promise.all(
      [dataDir, other].map(async (dir) => pairsOf(join(dir, db), ['meta/confState'])),
    );
    expect(a!.filter((pair) => !old.some((name) => pair.startsWith(name)))).toEqual(
      b!.filter((pair) => !old.some((name) => pair.startsWith(name))),
    );
    // 3.7 writes the same messages without their zeros.
    if (options.version === '3.7') continue;
    const wals = await Promise.all([dataDir, other].map(async (dir) => firstWalOf(join(dir, 'member/wal'))));
    expect(wals[0]!.equals(wals[1]!)).toBe(true);
  }
  const expected = await live(theirs);
  const actual = await live(ours);
  expect(actual).toEqual(expected);
  expect(actual[0]!.state.revision).toBe(Math.max(1, built[0]!.revision.restored));
  return built;
}

/** Where etcdctl 3.4 leaves the old cluster's members, which its servers then remove by themselves. */
const oldMembers = ['members/', 'members_removed/'];

describe.each(etcdMinors.map((version) => [version] as [EtcdMinor]))('etcd %s', async (version) => {
  const { skip } = await etcdOrSkip(version);
  const canBump = version !== '3.4';

  test.skipIf(skip)(
    'what Holdfast restores lives as what its own tool restores, alone and as three',
    async () => {
      const { snapshot, auth } = await saved({ version, auth: true }, fillRichly);
      const options = { version, ...(auth !== undefined && { auth }) };
      await expectSame(options, { snapshot, bump: null });
      if (canBump) await expectSame(options, { snapshot, bump });
      await expectSame({ ...options, members: 3 }, { snapshot, bump: canBump ? bump : null });
    },
  );

  test.skipIf(skip)('so does a cluster of one key, and one that never had any', async () => {
    for (const count of [1, 0]) {
      const { snapshot } = await saved({ version }, async (cluster) => {
        for (let i = 0; i < count; i++) await cluster.gateway().put('only', 'this');
      });
      for (const by of canBump ? [bump, null] : [null]) await expectSame({ version }, { snapshot, bump: by });
    }
  });

  test.skipIf(skip)(
    'a bumped member tells old watchers that they are compacted, and keeps its data',
    async () => {
      const { snapshot } = await saved({ version }, async (cluster) => {
        for (let i = 0; i < 50; i++) await cluster.gateway().put(`k${i}`, 'v');
      });
      const plan = await planFor({ version });
      await restoreByHoldfast(plan, { snapshot, bump });
      const [started, , restarted] = await live(plan);
      expect(started!.state).toMatchObject({
        revision: 51 + bump.by,
        hashKv: { compactRevision: 51 + bump.by },
      });
      expect(started!.state.keys).toHaveLength(50);
      expect(restarted!.state.keys).toHaveLength(53);
      await using cluster = await startPlanned(plan, { restored: true });
      await expect(cluster.gateway().rangeAll({ revision: 51 })).rejects.toThrow(/compacted/);
    },
  );
});
