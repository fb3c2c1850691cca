import { readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openFileSource } from '@holdfast/etcd/bolt';
import { readPosition } from '@holdfast/etcd/snapshot';
import { type EtcdCluster, startCluster } from '@holdfast/test-servers';
import { expect, test } from 'vitest';
import { holdfast } from '../product.ts';

/**
 * The commonest restore there is: one of three members is lost and restored alone, with etcd's default token, while
 * the other two still run. With etcd's own tool the ids are the lost member's, so it joins the old quorum, replays the
 * raft log on top of older data, and nobody notices. Law: a restored member must be a stranger to every old one.
 */
const version = '3.6';

interface Loss {
  readonly cluster: EtcdCluster;
  /** The lost member, then the two that run on. */
  readonly lost: number;
  readonly old: readonly [number, number];
  readonly snapshot: string;
  /** Of the old quorum, which nobody else writes to. */
  readonly revision: number;
}

/**
 * The leader is lost. (Of a lost follower the leader still remembers how far it had come, and the one restored by
 * etcd's tool panics on its first heartbeat: "tocommit is out of range". A new leader starts afresh, and so does harm.)
 */
async function lostLeader(): Promise<Loss> {
  const cluster = await startCluster({ version, members: 3, defaultToken: true });
  for (let i = 0; i < 50; i++) await cluster.gateway().put(`/registry/pods/p${i % 10}`, `before ${i}`);
  const snapshot = join(cluster.dir, 'snapshot.db');
  await cluster.snapshotSave(snapshot, 1);
  for (let i = 0; i < 50; i++) await cluster.gateway().put(`/registry/pods/p${i % 10}`, `after ${i}`);
  const lost = await cluster.leaderIndex();
  const old = [(lost + 1) % 3, (lost + 2) % 3] as const;
  await cluster.kill(lost);
  await rm(cluster.members[lost]!.dataDir, { recursive: true });
  await cluster.waitHealthy();
  const { revision } = await cluster.gateway(old[0]).range({ key: 'x' });
  return { cluster, lost, old, snapshot, revision };
}

function memberFlags({ cluster, lost }: Loss): string[] {
  const { name, dataDir, peerUrl } = cluster.members[lost]!;
  return [
    ...['--data-dir', dataDir, '--name', name, '--initial-cluster', cluster.initialCluster],
    ...['--initial-advertise-peer-urls', peerUrl],
  ];
}

/** Waits for what must come; the timeout is for machines under load. */
async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 60_000;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`never came: ${what}`);
    await sleep(100);
  }
}

test("negative control: a member restored by etcd's own tool merges with the old ones and diverges", async () => {
  const loss = await lostLeader();
  const { cluster, lost, old, snapshot, revision } = loss;
  await using _ = cluster;
  await cluster.utl(['snapshot', 'restore', snapshot, ...memberFlags(loss)]);
  await cluster.start(lost);
  const status = async (i: number) => await cluster.gateway(i).status();
  await until(
    'the restored member serves',
    async () =>
      await status(lost).then(
        () => true,
        () => false,
      ),
  );
  await cluster.gateway(old[0]).put('/registry/pods/new', 'all three take this, each on its own data');
  const { clusterId, raftIndex, revision: theirs } = await status(old[0]);
  await until(
    'it has taken all that the leader sends',
    async () => (await status(lost)).raftIndex >= raftIndex,
  );
  const restored = await status(lost);
  expect(restored.clusterId).toBe(clusterId);
  expect(theirs).toBe(revision + 1);
  expect(restored.revision).not.toBe(theirs);
});

test.each([
  ['restore datadir', (snapshot: string) => ['restore', 'datadir', '--file', snapshot]],
  ['snapshot restore', (snapshot: string) => ['snapshot', 'restore', snapshot]],
])('a member restored by holdfast %s stays a stranger to the old ones', async (_name, command) => {
  const loss = await lostLeader();
  const { cluster, lost, old, snapshot, revision } = loss;
  await using _ = cluster;
  const { status, stderr } = await holdfast([...command(snapshot), ...memberFlags(loss)]);
  expect({ status, stderr }).toEqual({ status: 0, stderr });
  await cluster.start(lost);
  const { logFile, dataDir } = cluster.members[lost]!;
  await until('the old members are refused', () => /cluster ID mismatch/.test(readFileSync(logFile, 'utf8')));
  // The old quorum lives on and writes; none of it may reach the stranger, nor anything of the stranger the quorum.
  await cluster.gateway(old[0]).put('/registry/pods/new', 'the old quorum goes on, apart');
  await cluster.stop(lost);
  using source = openFileSource(join(dataDir, 'member/snap/db'));
  expect((await readPosition(source)).revision).toBe(51 + 1_000_000_000);
  for (const i of old) expect((await cluster.gateway(i).range({ key: 'x' })).revision).toBe(revision + 1);
});
