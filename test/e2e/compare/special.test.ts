import { cp, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  etcdMinors,
  etcdOrSkip,
  inTurn,
  openGateway,
  startCluster,
  startPlanned,
  type ClusterPlan,
  type Gateway,
} from '@holdfast/test-servers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { clusterState, expectSame, live, planFor, restoreByHoldfast, saved } from './index.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-special-'));
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

const bump = { by: 1_000_000, markCompacted: true };

/** Whether an etcd comes up on what is there. */
async function starts(plan: ClusterPlan): Promise<boolean> {
  try {
    await using _ = await startPlanned(plan, { restored: true });
    return true;
  } catch {
    return false;
  }
}

/** Starts the only member of a plan, which an alarm keeps from ever being healthy. */
function startUnhealthy(plan: ClusterPlan): Gateway & AsyncDisposable & { disarm(): Promise<void> } {
  const { name, dataDir, clientUrl, peerUrl } = plan.members[0]!;
  const clients = ['--listen-client-urls', clientUrl, '--advertise-client-urls', clientUrl];
  const peers = ['--listen-peer-urls', peerUrl, '--initial-advertise-peer-urls', peerUrl];
  const cluster = ['--initial-cluster', plan.initialCluster, '--initial-cluster-token', plan.token];
  const etcd = spawn(
    plan.binaries.etcd,
    ['--name', name, '--data-dir', dataDir, ...clients, ...peers, ...cluster],
    {
      stdio: 'ignore',
    },
  );
  const gateway = openGateway({ url: clientUrl });
  return {
    ...gateway,
    async disarm() {
      for (const { alarm, memberId } of await gateway.alarms()) {
        await gateway.post('/v3/maintenance/alarm', { action: 'DEACTIVATE', alarm, memberID: `${memberId}` });
      }
    },
    async [Symbol.asyncDispose]() {
      gateway.close();
      etcd.kill('SIGKILL');
      await once(etcd, 'exit');
    },
  };
}

describe.each(inTurn(etcdMinors, 2))('etcd %s', async (version) => {
  const { skip } = await etcdOrSkip(version);
  const byTool = version === '3.4' ? null : bump;

  test.skipIf(skip)('a learner of the old cluster is forgotten', async () => {
    const { snapshot } = await saved(folder, { version, learner: true }, async (cluster) => {
      await cluster.gateway().put('a', 'b');
    });
    await expectSame(folder, { version }, { snapshot, bump: byTool });
  });

  test.skipIf(skip)('a db copied off the disk of a stopped member is taken when told to', async () => {
    const { dir, members } = await planFor(folder, { version });
    await using cluster = await startCluster({ version, dir, dataDirs: [members[0]!.dataDir] });
    for (let i = 0; i < 2_000; i++) await cluster.gateway().put(`k${i % 500}`, 'v'.repeat(1_000));
    await cluster.stopAll();
    const snapshot = join(dir, 'copied.db');
    await cp(join(members[0]!.dataDir, 'member/snap/db'), snapshot);
    await expect(
      restoreByHoldfast(await planFor(folder, { version }), { snapshot, bump }),
    ).rejects.toMatchObject({
      code: 'not-a-snapshot',
    });
    await expectSame(folder, { version }, { snapshot, bump: byTool, skipHashCheck: true });
  });

  test.skipIf(skip)('the alarm of a full member comes along, is told of, and can be disarmed', async () => {
    const { snapshot } = await saved(folder, { version, quota: 4_000_000 }, async (cluster) => {
      const filling = async (): Promise<void> => {
        for (let i = 0; i < 100; i++) await cluster.gateway().put(`k${i}`, Buffer.alloc(500_000, i));
      };
      await expect(filling()).rejects.toThrow(/space exceeded/);
    });
    const plan = await planFor(folder, { version });
    const [built] = await restoreByHoldfast(plan, { snapshot, bump });
    expect(built!.warnings.join()).toMatch(/NOSPACE/);
    await using member = startUnhealthy(plan);
    await expect
      .poll(async () => (await member.alarms()).map(({ alarm }) => alarm), { timeout: 30_000 })
      .toEqual(['NOSPACE']);
    await expect(member.put('more', 'x')).rejects.toThrow(/space exceeded/);
    await member.disarm();
    await member.put('more', 'x');
  });

  test.skipIf(skip)('with a log elsewhere, no etcd starts before the log has its name', async () => {
    const { snapshot } = await saved(folder, { version }, async (cluster) => {
      await cluster.gateway().put('a', 'b');
    });
    const elsewhere = await mkdtemp(join(folder, 'wal-'));
    const walDir = join(elsewhere, 'wal');
    const plan = await planFor(folder, { version, walDirs: [walDir] });
    const { dataDir } = plan.members[0]!;
    await restoreByHoldfast(plan, { snapshot, bump });
    const log = join(walDir, '0000000000000000-0000000000000000.wal');
    const unnamed = join(walDir, 'holdfast-0123456789abcdef.wal');
    await rename(log, unnamed);
    const aside = join(elsewhere, 'aside');
    await cp(dataDir, aside, { recursive: true });
    expect(await starts(plan)).toBe(false);
    await rm(dataDir, { recursive: true });
    expect(await starts(plan)).toBe(false);
    await rm(dataDir, { recursive: true });
    await rename(aside, dataDir);
    await rename(unnamed, log);
    const seen = await live(plan);
    expect(seen[0]!.state.keys).toHaveLength(1);
  });

  test.skipIf(skip || version === '3.4')('a snapshot of 3.4 comes to life', async () => {
    const { snapshot } = await saved(folder, { version: '3.4' }, async (cluster) => {
      for (let i = 0; i < 20; i++) await cluster.gateway().put(`k${i}`, 'v');
    });
    await expectSame(folder, { version }, { snapshot, bump, form: '3.5' });
    const asItWas = await planFor(folder, { version, members: 3 });
    await restoreByHoldfast(asItWas, { snapshot, bump });
    const seen = await live(asItWas);
    expect(seen[0]!.state.keys).toHaveLength(20);
  });
});

test('a member goes into a folder that is there, and is its own cluster', async () => {
  const version = '3.6';
  const { snapshot } = await saved(folder, { version }, async (cluster) => {
    await cluster.gateway().put('a', 'b');
  });
  const plan = await planFor(folder, { version });
  await mkdir(join(plan.members[0]!.dataDir, 'lost+found'), { recursive: true });
  const [built] = await restoreByHoldfast(plan, { snapshot, bump });
  await using cluster = await startPlanned(plan, { restored: true });
  expect((await clusterState(cluster)).clusterId).toBe(built!.cluster.id);
});
