import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type EtcdCluster,
  etcdMinors,
  etcdOrSkip,
  GatewayError,
  openGateway,
  planCluster,
  startCluster,
  startPlanned,
} from '../index.ts';
import { isAlive } from '../obtain/claim.ts';

for (const version of etcdMinors) {
  const { skip } = await etcdOrSkip(version);
  describe.skipIf(skip)(`etcd ${version}, one member`, () => {
    let cluster: EtcdCluster;
    beforeAll(async () => {
      cluster = await startCluster({ version });
    });
    afterAll(async () => cluster[Symbol.asyncDispose]());

    it('writes, reads, and keeps leases', async () => {
      const gateway = cluster.gateway();
      const { id, ttl } = await gateway.leaseGrant(600);
      await gateway.put('a', 'one', id);
      const { revision } = await gateway.txn(
        [{ put: 'b', value: 'two' }, { delete: 'a' }],
        [{ key: 'a', on: 'version', is: '=', value: 1 }],
      );
      const { keyValues } = await gateway.rangeAll({ revision: revision - 1 });
      expect(ttl).toBe(600);
      expect(keyValues.map(({ key, value, lease }) => [String(key), String(value), lease])).toEqual([
        ['a', 'one', id],
      ]);
      expect((await gateway.rangeAll()).keyValues.map(({ key }) => String(key))).toEqual(['b']);
      expect(await gateway.leases()).toEqual([id]);
      expect((await gateway.leaseTimeToLive(id)).keys).toEqual([]);
      await gateway.leaseRevoke(id);
      expect(await gateway.leases()).toEqual([]);
    });

    it('tells the same HashKV as its own tool, compacts and defragments', async () => {
      const gateway = cluster.gateway();
      for (let i = 0; i < 10; i++) await gateway.put('key', `${i}`);
      const { revision } = await gateway.put('other', '');
      await gateway.compact(revision - 3);
      await gateway.defragment();
      const told = await cluster.ctlJson<{ HashKV: { hash: number; compact_revision: number } }[]>([
        'endpoint',
        'hashkv',
        `--rev=${revision - 1}`,
      ]);
      expect(await gateway.hashKv(revision - 1)).toEqual({
        hash: told[0]?.HashKV.hash,
        compactRevision: told[0]?.HashKV.compact_revision,
      });
      await expect(gateway.range({ key: 'key', revision: 2 })).rejects.toThrow(/compacted/);
    });

    it('restores its snapshot into a planned cluster', async () => {
      await cluster.gateway().put('kept', 'yes');
      const file = join(cluster.dir, 'snapshot.db');
      await cluster.snapshotSave(file);
      const plan = await planCluster({ version });
      const [member] = plan.members;
      await cluster.utl([
        'snapshot',
        'restore',
        file,
        `--name=${member?.name}`,
        `--data-dir=${member?.dataDir}`,
        `--initial-cluster=${plan.initialCluster}`,
        `--initial-cluster-token=${plan.token}`,
        `--initial-advertise-peer-urls=${member?.peerUrl}`,
      ]);
      await using restored = await startPlanned(plan, { restored: true });
      const { keyValues } = await restored.gateway().range({ key: 'kept' });
      expect(keyValues.map(({ value }) => String(value))).toEqual(['yes']);
    });
  });
}

describe.skipIf((await etcdOrSkip('3.6')).skip)('etcd 3.6, several members', () => {
  it('runs three with TLS and a root user, and goes on without one', async () => {
    await using cluster = await startCluster({ version: '3.6', members: 3, tls: true, auth: true });
    const nobody = openGateway({ url: cluster.endpoints[0] ?? '', tls: cluster.tls });
    await expect(nobody.put('a', 'b')).rejects.toThrow(GatewayError);
    nobody.close();
    const wrong = ['--dial-timeout=500ms', `--cacert=${cluster.tls?.wrongCacert}`];
    await expect(cluster.ctl(['get', 'a', ...wrong])).rejects.toThrow();
    expect(statSync(cluster.auth?.passwordFile ?? '').mode & 0o777).toBe(0o600);

    const leader = await cluster.leaderIndex();
    await cluster.kill(leader);
    await cluster.waitHealthy();
    const other = (leader + 1) % 3;
    const { revision } = await cluster.gateway(other).put('a', 'b');
    await cluster.start(leader);
    await cluster.waitHealthy();
    const hashes = await Promise.all(
      [0, 1, 2].map(async (i) => (await cluster.gateway(i).hashKv(revision)).hash),
    );
    expect(new Set(hashes).size).toBe(1);
    cluster.pause(other);
    await cluster.waitHealthy();
    cluster.resume(other);
    await cluster.waitHealthy();
    expect(await cluster.ctl(['get', 'a', '--print-value-only'])).toBe('b\n');
  });

  it('adds a learner', async () => {
    await using cluster = await startCluster({ version: '3.6', learner: true });
    const listed = await cluster.gateway().memberList();
    expect(listed.filter(({ isLearner }) => isLearner).map(({ name }) => name)).toEqual(['m2']);
    expect(cluster.initialCluster).not.toContain('m2');
    expect((await cluster.gateway(1).status()).isLearner).toBe(true);
  });

  it('leaves neither processes nor files behind', async () => {
    const cluster = await startCluster({ version: '3.6' });
    const pid = cluster.members[0]?.pid ?? 0;
    await cluster[Symbol.asyncDispose]();
    expect(isAlive(pid)).toBe(false);
    expect(existsSync(cluster.dir)).toBe(false);
  });

  it('shows the end of the log of a member that does not start', async () => {
    await expect(startCluster({ version: '3.6', extraArgs: ['--no-such-flag'] })).rejects.toThrow(
      /m1 ended \(exit \d+\).*no-such-flag/s,
    );
  });

  describe.skipIf(process.platform !== 'linux')('started by a process that ends', () => {
    let dir: string;
    beforeAll(() => {
      dir = mkdtempSync(join(tmpdir(), 'holdfast-parent-'));
    });
    afterAll(() => rmSync(dir, { recursive: true }));

    it('end with it, even if it is killed', async () => {
      const { parent, pid } = await startElsewhere(dir, '{}', 'setInterval(() => {}, 1000);');
      expect(commandOf(pid)).toBe('etcd');
      parent.kill('SIGKILL');
      await once(parent, 'exit');
      await expect.poll(() => commandOf(pid)).not.toBe('etcd');
    });

    it('go on if they are detached', async () => {
      const { parent, pid } = await startElsewhere(dir, '{ detached: true }', 'cluster.leave();');
      if (parent.exitCode === null) await once(parent, 'exit');
      expect(parent.exitCode).toBe(0);
      expect(commandOf(pid)).toBe('etcd');
      process.kill(pid);
      await expect.poll(() => commandOf(pid)).not.toBe('etcd');
    });
  });
});

/** Starts a cluster of one from another process, which then goes on with `then`. */
async function startElsewhere(
  dir: string,
  options: string,
  then: string,
): Promise<{ parent: ChildProcess; pid: number }> {
  const script = join(dir, 'start.ts');
  const index = join(import.meta.dirname, '..', 'index.ts');
  writeFileSync(
    script,
    `import { startCluster } from ${JSON.stringify(index)};
     const cluster = await startCluster({ version: '3.6', dir: ${JSON.stringify(dir)}, ...${options} });
     console.log(cluster.members[0]?.pid);
     ${then}`,
  );
  const parent = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [printed] = (await once(parent.stdout, 'data')) as [Buffer];
  return { parent, pid: Number(printed.toString()) };
}

/** Empty for a process that has ended, also while nobody has collected its exit code. */
function commandOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return /\) Z /.test(stat) ? '' : (/\((.*)\)/.exec(stat)?.[1] ?? '');
  } catch {
    return '';
  }
}
