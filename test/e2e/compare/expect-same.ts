import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import type { BuiltDataDir } from '@holdfast/etcd/datadir';
import {
  planCluster,
  startCluster,
  startPlanned,
  type ClusterOptions,
  type ClusterPlan,
  type EtcdCluster,
} from '@holdfast/test-servers';
import { expect } from 'vitest';
import { firstWalOf, pairsOf } from './cluster-state.ts';
import { liveAfterRestore, type Seen } from './life-after-restore.ts';
import { restoreByEtcd, restoreByHoldfast, type RestoreHow } from './restored.ts';

/** What etcdctl 3.4 leaves of the old cluster's; its servers then remove it by themselves. */
const oldOf34 = ['members/', 'members_removed/'];

/** Starts a cluster, has it filled, and saves it with etcd's own tool. */
export async function saved(
  folder: string,
  options: ClusterOptions,
  fill: (cluster: EtcdCluster) => Promise<void>,
): Promise<{ snapshot: string; auth: EtcdCluster['auth'] }> {
  await using cluster = await startCluster({ ...options, dir: await mkdtemp(join(folder, 'source-')) });
  await fill(cluster);
  const snapshot = join(cluster.dir, 'snapshot.db');
  await cluster.snapshotSave(snapshot);
  return { snapshot, auth: cluster.auth };
}

/** Where one of the two comes to live: the same names, ports and token, so that all ids are the same. */
export async function planFor(
  folder: string,
  options: ClusterOptions,
  first?: ClusterPlan,
): Promise<ClusterPlan> {
  return planCluster({
    ...options,
    dir: await mkdtemp(join(folder, 'restored-')),
    ...(first !== undefined && { token: first.token, ports: first.members.map(({ ports }) => ports) }),
  });
}

/** What is seen of a restored cluster; it is stopped afterwards. */
export async function live(plan: ClusterPlan): Promise<Seen[]> {
  await using cluster = await startPlanned(plan, { restored: true });
  return await liveAfterRestore(cluster);
}

/**
 * Restores a snapshot twice, by etcd's own tool and by Holdfast, and expects the same files and the same life. Voters
 * in the db are left out: etcd's tool leaves the old cluster's there.
 */
export async function expectSame(
  folder: string,
  options: ClusterOptions,
  how: RestoreHow,
): Promise<BuiltDataDir[]> {
  const theirs = await planFor(folder, options);
  const ours = await planFor(folder, options, theirs);
  await restoreByEtcd(theirs, how);
  const built = await restoreByHoldfast(ours, how);
  for (const [i, { dataDir }] of ours.members.entries()) {
    const other = theirs.members[i]!.dataDir;
    const leftOut = options.version === '3.4' ? oldOf34 : ['meta/confState'];
    const pairs = await Promise.all(
      [dataDir, other].map(async (dir) => pairsOf(join(dir, 'member/snap/db'), leftOut)),
    );
    expect(pairs[0]).toEqual(pairs[1]);
    // 3.7 writes the same messages without their zeros.
    if (options.version === '3.7') continue;
    const wals = await Promise.all([dataDir, other].map(async (dir) => firstWalOf(join(dir, 'member/wal'))));
    expect(wals[0]!.equals(wals[1]!), 'the logs are the same').toBe(true);
  }
  const expected = await live(theirs);
  const actual = await live(ours);
  expect(actual).toEqual(expected);
  expect(actual[0]!.state.revision).toBe(Math.max(1, built[0]!.revision.restored));
  return built;
}
