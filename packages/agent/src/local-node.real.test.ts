import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@holdfast/base';
import { etcdOrSkip, planCluster, startPlanned, type ClusterPlan } from '@holdfast/test-servers';
import type { StepKind } from '@holdfast/model';
import { expect, test } from 'vitest';
import { etcdHost } from './host/driver.ts';
import { localNode } from './local-node.ts';
import { testContext, testId, testMember, testPlan, TestRestore } from './steps/test-restore.ts';

const { skip } = await etcdOrSkip('3.6');

/** The members of a planned cluster as the process driver runs them. */
function restoresOf(
  plan: ClusterPlan,
  file: string,
  options: Parameters<typeof testPlan>[2] = {},
): TestRestore[] {
  const members = plan.members.map(({ name, clientUrl, peerUrl, dataDir, walDir, logFile }) =>
    testMember(plan.dir, {
      name,
      clientUrls: [clientUrl],
      peerUrls: [peerUrl],
      dataDir,
      ...(walDir !== undefined && { walDir }),
      run: {
        driver: 'process',
        command: [
          plan.binaries.etcd,
          `--name=${name}`,
          `--data-dir=${dataDir}`,
          ...(walDir === undefined ? [] : [`--wal-dir=${walDir}`]),
          `--listen-peer-urls=${peerUrl}`,
          `--initial-advertise-peer-urls=${peerUrl}`,
          `--listen-client-urls=${clientUrl}`,
          `--advertise-client-urls=${clientUrl}`,
          `--initial-cluster=${plan.initialCluster}`,
          `--initial-cluster-token=${plan.token}`,
        ],
        environment: {},
        logFile,
      },
    }),
  );
  const restore = testPlan(members, file, options);
  return members.map((member) => new TestRestore(restore, member));
}

async function each(
  restores: readonly TestRestore[],
  act: (restore: TestRestore) => Promise<unknown>,
): Promise<void> {
  for (const restore of restores) await act(restore);
}

test.skipIf(skip)('three members are stopped, restored, started, and put back as they were', async () => {
  const plan = await planCluster({ version: '3.6', members: 3 });
  const file = join(plan.dir, 'snapshot.db');
  await using cluster = await startPlanned(plan);
  await cluster.gateway().put('a', 'saved');
  await cluster.snapshotSave(file);
  await cluster.gateway().put('a', 'lost by a restore');
  const restores = restoresOf(plan, file);
  try {
    await each(restores, async (restore) => {
      expect(await restore.perform(['lock'])).toMatchObject({ wasRunning: true, hadMember: true });
      await restore.perform(['fetch']);
    });
    // What a boot would start again in between is stopped once more: nothing is renamed under an etcd that runs.
    await restores[0]!.perform(['stop']);
    await restores[0]!.undo(['stop']);
    await each(restores, (each) => each.perform(['keep']));
    for (const kind of ['stop', 'keep'] as const) await each(restores, (each) => each.perform([kind]));
    // Off, and its program tells which etcd it would be.
    expect(await localNode(systemClock).observe(restores[0]!.member, testContext)).toMatchObject({
      running: false,
      data: 'absent',
      version: expect.stringMatching(/^3\.6\.\d+$/) as string,
    });
    const run: readonly StepKind[] = ['stage', 'place'];
    await each(restores, (restore) => restore.perform(run));
    await each(restores, async (restore) => {
      // The second time it finds it running.
      const { memberInode: _, ...first } = await restore.perform(['start']);
      expect(await restore.perform(['start'])).toMatchObject({ pid: first['pid'] });
    });
    await expect.poll(async () => valueOfA(cluster), { timeout: 30_000 }).toBe('saved');
    await each(restores, (restore) => restore.undo(['start', 'place', 'stage', 'keep']));
    await each(restores, (restore) => restore.undo(['stop', 'fetch', 'lock']));
    await expect.poll(async () => valueOfA(cluster), { timeout: 30_000 }).toBe('lost by a restore');
    for (const { dataDir } of plan.members) expect(await readdir(dataDir)).toEqual(['member']);
  } finally {
    await each(restores, (restore) => restore.perform(['lock', 'stop']));
  }
});

test.skipIf(skip)('one that was told to end and has not yet is not taken for one that runs', async () => {
  const plan = await planCluster({ version: '3.6' });
  await using cluster = await startPlanned(plan);
  await cluster.gateway().put('a', 'b');
  const file = join(plan.dir, 'snapshot.db');
  await cluster.snapshotSave(file);
  const [restore] = restoresOf(plan, file);
  const { pid } = cluster.members[0]!;
  try {
    await restore!.perform(['lock']);
    // As a restore leaves it that was killed right after its SIGTERM, on a machine that is slow to obey.
    process.kill(pid!, 'SIGSTOP');
    process.kill(pid!, 'SIGTERM');
    const undone = restore!.undo(['stop']);
    await Promise.race([undone, systemClock.sleep(2_000)]);
    process.kill(pid!, 'SIGCONT');
    await undone;
    await expect.poll(() => existsSync(`/proc/${pid}`), { timeout: 30_000 }).toBe(false);
    await expect.poll(async () => valueOfA(cluster), { timeout: 30_000 }).toBe('b');
  } finally {
    await restore!.perform(['lock', 'stop']);
  }
});

test.skipIf(skip)(
  'a command that may hold a secret is not written down, and whoever undoes is told',
  async () => {
    const plan = await planCluster({ version: '3.6' });
    await using cluster = await startPlanned(plan);
    await cluster.gateway().put('a', 'b');
    const file = join(plan.dir, 'snapshot.db');
    await cluster.snapshotSave(file);
    const [restore] = restoresOf(plan, file);
    const { member } = restore!;
    const { run } = member;
    if (run.driver !== 'process') throw new Error('it is run in another way');
    await cluster.stopAll();
    const command = [...run.command, '--discovery-password=hush'];
    const { driver } = etcdHost({ ...member, run: { ...run, command } }, systemClock);
    try {
      await driver.start(AbortSignal.timeout(30_000));
      const found = await restore!.perform(['lock']);
      expect(found).toMatchObject({
        wasRunning: true,
        ranUnkept: 'how it ran is not kept, since --discovery-password may hold a secret',
      });
      expect(found).not.toHaveProperty('ran');
      const claim = await readFile(join(member.dataDir, 'holdfast-restore.json'), 'utf8');
      expect(claim).not.toContain('hush');
      await restore!.perform(['stop']);
      expect(await restore!.undo(['stop'])).toMatchObject({
        started: true,
        warning: expect.stringMatching(/is started as it is described: how it ran is not kept/) as string,
      });
    } finally {
      await restore!.perform(['lock', 'stop']);
    }
  },
);

test.skipIf(skip)('a member joins empty, with its log elsewhere, and its old log outlives that', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'holdfast-join-'));
  const plan = await planCluster({
    version: '3.6',
    members: 2,
    dir,
    walDirs: [join(dir, 'w1'), join(dir, 'w2')],
  });
  await using cluster = await startPlanned(plan);
  await cluster.gateway().put('a', 'b');
  const file = join(dir, 'snapshot.db');
  await cluster.snapshotSave(file);
  const [, restore] = restoresOf(plan, file, { way: 'replace' });
  const { dataDir, walDir } = plan.members[1]!;
  try {
    await restore!.perform(['lock', 'stop', 'keep']);
    await expect(restore!.perform(['start'])).rejects.toMatchObject({ code: 'node-failed' });
    // A member under its old id has lost its log, which nobody should do; that it begins a log is enough here.
    await restore!.perform(['start'], { join: { initialCluster: plan.initialCluster } });
    const logNames = async (): Promise<string> => (await readdir(walDir!).catch(() => [])).join();
    await expect.poll(logNames, { timeout: 30_000 }).toMatch(/\.wal/);
    expect((await readdir(`${walDir}.pre-${testId}`)).some((name) => name.endsWith('.wal'))).toBe(true);
    expect((await stat(join(dataDir, 'member'))).isDirectory()).toBe(true);
    await restore!.undo(['start', 'keep', 'stop', 'lock']);
    await expect.poll(async () => valueOfA(cluster), { timeout: 30_000 }).toBe('b');
    expect(await readdir(dataDir)).toEqual(['member']);
  } finally {
    await restore!.perform(['lock', 'stop']);
    await cluster.stopAll();
    rmSync(dir, { recursive: true });
  }
});

async function valueOfA(cluster: Awaited<ReturnType<typeof startPlanned>>): Promise<string> {
  try {
    const { keyValues } = await cluster.gateway().range({ key: 'a' });
    return Buffer.from(keyValues[0]!.value).toString();
  } catch (error) {
    return String(error);
  }
}
