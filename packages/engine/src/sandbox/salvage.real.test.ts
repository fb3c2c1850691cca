import { mkdtemp, readdir, rm, stat, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@holdfast/base';
import { buildDataDir } from '@holdfast/etcd/datadir';
import {
  etcdOrSkip,
  planCluster,
  startCluster,
  startPlanned,
  type Credentials,
} from '@holdfast/test-servers';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { salvageSnapshot, type SalvageOptions } from './salvage.ts';

const { signal } = new AbortController();
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-salvage-'));
});
afterEach(async () => rm(folder, { recursive: true }));

async function salvage(options: Pick<SalvageOptions, 'memberDir' | 'program'> & Partial<SalvageOptions>) {
  const target = join(folder, 'artefact.db');
  const made = await salvageSnapshot({ folder, target, clock: systemClock, signal, ...options });
  return { ...made, target };
}

/** Starts one member from a snapshot and tells its keys. */
async function keysIn(version: '3.4' | '3.6', file: string, auth?: Credentials): Promise<string[]> {
  const plan = await planCluster({ version, ...(auth && { auth }) });
  const [member] = plan.members;
  const { name, peerUrl, dataDir } = member!;
  const members = [{ name, peerUrls: [peerUrl] }];
  await buildDataDir({
    source: { file },
    dataDir,
    name,
    members,
    token: plan.token,
    bump: null,
    signal,
  });
  await using cluster = await startPlanned(plan, { restored: true });
  const { keyValues } = await cluster.gateway().rangeAll();
  return keyValues.map((each) => Buffer.from(each.key).toString()).sort();
}

describe.each(['3.6', '3.4'] as const)(
  'the one member of three that is left, of etcd %s',
  async (version) => {
    const etcd = await etcdOrSkip(version);

    test.skipIf(etcd.skip).each(version === '3.4' ? ['follower'] : ['leader', 'follower'])(
      'as the %s gives every write that it acknowledged before it was killed',
      async (role) => {
        const program = etcd.skip ? undefined : etcd.binaries.etcd;
        await using cluster = await startCluster({
          version,
          members: 3,
          fsync: true,
          auth: role === 'leader',
        });
        const leader = await cluster.leaderIndex();
        const survivor = role === 'leader' ? leader : (leader + 1) % 3;
        const gateway = cluster.gateway(survivor);
        const written: string[] = [];
        for (let i = 0; i < 8; i += 1) {
          await gateway.put(`k${i}`, 'v');
          written.push(`k${i}`);
        }
        await cluster.kill(survivor);
        const memberDir = join(cluster.members[survivor]!.dataDir, 'member');
        const before = await readdir(memberDir, { recursive: true });
        const made = await salvage({ memberDir, program });
        expect(made).toMatchObject({
          replayed: true,
          why: expect.stringMatching(
            /^etcd 3\.\d\.\d+ replayed the log up to entry \d+(?:, the last \d not yet marked as committed)?$/,
          ),
        });
        expect(await readdir(memberDir, { recursive: true })).toEqual(before);
        expect(await readdir(folder)).toEqual(['artefact.db']);
        expect((await stat(made.target)).mode & 0o777).toBe(0o600);
        expect(await keysIn(version, made.target, cluster.auth)).toEqual(written);
      },
    );
  },
);

const latest = await etcdOrSkip('3.6');

describe.skipIf(latest.skip)('a member', () => {
  const program = latest.skip ? '' : latest.binaries.etcd;

  test('whose log lies elsewhere is salvaged; without a program only where its db has everything', async () => {
    const walDir = join(folder, 'log');
    await using cluster = await startCluster({ version: '3.6', fsync: true, walDirs: [walDir] });
    const memberDir = join(cluster.members[0]!.dataDir, 'member');
    await cluster.gateway().put('k0', 'v');
    await cluster.kill(0);
    const refused = salvage({ memberDir, walDir, program: undefined });
    await expect(refused).rejects.toMatchObject({ code: 'etcd-program-missing' });
    const misfit = salvage({ memberDir, walDir, program: '/nowhere/etcd' });
    await expect(misfit).rejects.toMatchObject({ why: '/nowhere/etcd: there is no such program' });
    const accepted = await salvage({ memberDir, walDir, program: undefined, acceptUnreplayed: true });
    expect(accepted).toMatchObject({
      replayed: false,
      why: expect.stringContaining('none was found') as string,
    });
    const made = await salvage({ memberDir, walDir, program });
    expect(made).toMatchObject({ replayed: true, revision: 2 });
    await cluster.start(0);
    await cluster.waitHealthy();
    await cluster.stop(0);
    const whole = await salvage({ memberDir, walDir, program: undefined });
    expect(whole).toMatchObject({ replayed: false, revision: 2 });
    expect(whole.why).toMatch(/the db goes up to entry (\d+), the log ends at \1$/);
    expect(await keysIn('3.6', whole.target)).toEqual(['k0']);
  });

  test('without a log, or with a damaged db, is not salvaged, and leaves nothing', async () => {
    await using cluster = await startCluster({ version: '3.6' });
    await cluster.gateway().put('k0', 'v');
    await cluster.stop(0);
    const memberDir = join(cluster.members[0]!.dataDir, 'member');
    await rm(join(memberDir, 'wal'), { recursive: true });
    const noLog = { code: 'etcd-not-started', why: 'the member has no log' };
    await expect(salvage({ memberDir, program })).rejects.toMatchObject(noLog);
    await truncate(join(memberDir, 'snap', 'db'), 8192);
    await expect(salvage({ memberDir, program })).rejects.toMatchObject({ code: 'not-a-snapshot' });
    expect(await readdir(folder)).toEqual([]);
  });
});
