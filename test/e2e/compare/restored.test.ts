import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  etcdMinors,
  etcdOrSkip,
  startPlanned,
  type EtcdCluster,
  type EtcdMinor,
} from '@holdfast/test-servers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { expectSame, live, planFor, restoreByHoldfast, saved } from './index.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-compare-'));
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

const bump = { by: 1_000_000, markCompacted: true };

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

describe.each(etcdMinors.map((version) => [version] as [EtcdMinor]))('etcd %s', async (version) => {
  const { skip } = await etcdOrSkip(version);
  const canBump = version !== '3.4';

  test.skipIf(skip)(
    'what Holdfast restores lives as what its own tool restores, alone and as three',
    async () => {
      const { snapshot, auth } = await saved(folder, { version, auth: true }, fillRichly);
      const options = { version, ...(auth !== undefined && { auth }) };
      await expectSame(folder, options, { snapshot, bump: null });
      if (canBump) await expectSame(folder, options, { snapshot, bump });
      await expectSame(folder, { ...options, members: 3 }, { snapshot, bump: canBump ? bump : null });
    },
  );

  test.skipIf(skip)('so does a cluster of one key, and one that never had any', async () => {
    for (const count of [1, 0]) {
      const { snapshot } = await saved(folder, { version }, async (cluster) => {
        for (let i = 0; i < count; i++) await cluster.gateway().put('only', 'this');
      });
      for (const by of canBump ? [bump, null] : [null])
        await expectSame(folder, { version }, { snapshot, bump: by });
    }
  });

  test.skipIf(skip)(
    'a bumped member tells old watchers that they are compacted, and keeps its data',
    async () => {
      const { snapshot } = await saved(folder, { version }, async (cluster) => {
        for (let i = 0; i < 50; i++) await cluster.gateway().put(`k${i}`, 'v');
      });
      const plan = await planFor(folder, { version });
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
