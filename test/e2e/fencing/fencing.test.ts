import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type EtcdCluster, startCluster } from '@holdfast/test-servers';
import { expect, test } from 'vitest';
import { holdfast } from '../product.ts';

/**
 * The commonest restore there is: one of three members is lost and restored alone, with etcd's default token, while
 * the other two still run. With etcd's own tool the ids are the lost member's, so it joins the old quorum, replays the
 * raft log on top of older data, and nobody notices. Law: a restored member must be a stranger to every old one.
 */
const version = '3.6';

async function lostMember(): Promise<{ cluster: EtcdCluster; snapshot: string; revision: number }> {
  const cluster = await startCluster({ version, members: 3, defaultToken: true });
  for (let i = 0; i < 50; i++) await cluster.gateway().put(`/registry/pods/p${i % 10}`, `before ${i}`);
  const snapshot = join(cluster.dir, 'snapshot.db');
  await cluster.snapshotSave(snapshot, 1);
  for (let i = 0; i < 50; i++) await cluster.gateway().put(`/registry/pods/p${i % 10}`, `after ${i}`);
  const { revision } = await cluster.gateway(1).range({ key: 'x' });
  await cluster.kill(0);
  await rm(cluster.members[0]!.dataDir, { recursive: true });
  return { cluster, snapshot, revision };
}

function memberFlags(cluster: EtcdCluster): string[] {
  const { name, dataDir, peerUrl } = cluster.members[0]!;
  return [
    ...['--data-dir', dataDir, '--name', name, '--initial-cluster', cluster.initialCluster],
    ...['--initial-advertise-peer-urls', peerUrl],
  ];
}

/** Starts the restored member and gives raft the time of many elections to do what it will. */
async function startRestored(cluster: EtcdCluster): Promise<void> {
  await cluster.start(0);
  await sleep(6_000);
}

test("negative control: a member restored by etcd's own tool merges with the old ones and diverges", async () => {
  const { cluster, snapshot, revision } = await lostMember();
  await using _ = cluster;
  await cluster.utl(['snapshot', 'restore', snapshot, ...memberFlags(cluster)]);
  await startRestored(cluster);
  const [restored, old] = await Promise.all([cluster.gateway(0).status(), cluster.gateway(1).status()]);
  expect(restored.clusterId).toBe(old.clusterId);
  const at = Math.min(restored.revision, old.revision);
  const hashes = await Promise.all([0, 1].map(async (i) => await cluster.gateway(i).hashKv(at)));
  expect(restored.revision === revision && hashes[0]!.hash === hashes[1]!.hash).toBe(false);
});

test.each([
  ['restore datadir', (snapshot: string) => ['restore', 'datadir', '--file', snapshot]],
  ['snapshot restore', (snapshot: string) => ['snapshot', 'restore', snapshot]],
])('a member restored by holdfast %s stays a stranger to the old ones', async (_name, command) => {
  const { cluster, snapshot, revision } = await lostMember();
  await using _ = cluster;
  const { status, stderr } = await holdfast([...command(snapshot), ...memberFlags(cluster)]);
  expect(stderr + status).toMatch(/0$/);
  await startRestored(cluster);
  const [restored, old, other] = await Promise.all(
    [0, 1, 2].map(async (i) => await cluster.gateway(i).status()),
  );
  expect(restored!.clusterId).not.toBe(old!.clusterId);
  expect(restored!.revision).toBeGreaterThan(1_000_000_000);
  expect([old!.revision, other!.revision]).toEqual([revision, revision]);
  const members = await cluster.gateway(1).memberList();
  expect(members).toHaveLength(3);
  await cluster.gateway(1).put('/registry/pods/new', 'the old quorum goes on, apart');
  const after = await cluster.gateway(0).status();
  expect(after.revision).toBe(restored!.revision);
});
