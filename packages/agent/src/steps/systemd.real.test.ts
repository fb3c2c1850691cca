import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { StepEvidence } from '@holdfast/engine';
import type { PlannedMember, RestorePlan } from '@holdfast/model';
import { etcdOrSkip, planCluster, type SystemdMachine, systemdOrSkip } from '@holdfast/test-servers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { testMember, testPlan } from './test-restore.ts';
import type { StepsOrder } from './test-steps.ts';

const etcd = await etcdOrSkip('3.6');
const systemd = await systemdOrSkip();
const checkout = join(import.meta.dirname, '..', '..', '..', '..');
const script = join(import.meta.dirname, 'test-steps.ts');
const unit = 'etcd.service';

describe.skipIf(etcd.skip || systemd.skip)('a member that systemd starts again whenever it ends', () => {
  let machine: SystemdMachine;
  let member: PlannedMember;
  let plan: RestorePlan;
  let initialCluster: string;
  const found: Record<string, StepEvidence> = {};

  beforeAll(async () => {
    if (systemd.skip || etcd.skip) return;
    machine = await systemd.start([checkout, dirname(process.execPath), dirname(etcd.binaries.etcd)]);
    const planned = await planCluster({ version: '3.6', dir: machine.dir });
    const { name, clientUrl, peerUrl, dataDir } = planned.members[0]!;
    initialCluster = planned.initialCluster;
    const words = [
      ...[planned.binaries.etcd, `--name=${name}`, `--data-dir=${dataDir}`, '--unsafe-no-fsync'],
      ...[`--listen-client-urls=${clientUrl}`, `--advertise-client-urls=${clientUrl}`],
      ...[`--listen-peer-urls=${peerUrl}`, `--initial-advertise-peer-urls=${peerUrl}`],
      `--initial-cluster=${initialCluster}`,
    ];
    await machine.addUnit(
      unit,
      `[Service]\nType=notify\nExecStart=${words.join(' ')}\nRestart=always\nRestartSec=1\n`,
    );
    member = testMember(machine.dir, {
      ...{ name, peerUrls: [peerUrl], clientUrls: [clientUrl], dataDir },
      run: { driver: 'systemd', unit },
    });
    plan = testPlan([member], process.execPath, { way: 'replace' });
    await machine.run('systemctl', ['start', unit]);
  });
  afterAll(async () => machine?.[Symbol.asyncDispose]());

  async function steps(
    way: StepsOrder['way'],
    kinds: StepsOrder['kinds'],
    { fails, ...more }: Partial<StepsOrder> & { readonly fails?: RegExp } = {},
  ): Promise<void> {
    const journal = join(machine.dir, 'journal');
    const order: StepsOrder = { way, kinds, plan, member, found, journal, ...more };
    const { code, stderr } = await machine.run(process.execPath, [script, JSON.stringify(order)]);
    expect(`${stderr}${code}`).toMatch(fails ?? /^(?:.*Warning.*\n)*0$/);
    if (fails !== undefined) return;
    for (const line of (await readFile(journal, 'utf8')).trimEnd().split('\n')) {
      const { kind, evidence } = JSON.parse(line) as { kind: string; evidence: StepEvidence };
      found[kind] = evidence;
    }
  }

  const isActive = async (): Promise<string> =>
    (await machine.run('systemctl', ['is-active', unit])).stdout.trim();
  /** As an enabled unit is started by a boot. */
  const boot = async (): Promise<void> => {
    await machine.run('sh', ['-c', 'rm -rf /run/systemd/system/*; systemctl daemon-reload']);
    await machine.run('systemctl', ['start', '--no-block', unit]);
  };
  const restarts = async (): Promise<number> =>
    Number((await machine.run('systemctl', ['show', '--value', '--property=NRestarts', unit])).stdout);

  test('is left alone where systemd could not start it again', async () => {
    const run = { driver: 'systemd' as const, unit: 'typo.service' };
    await steps('perform', ['lock'], {
      member: { ...member, run },
      fails: /systemd knows no unit typo\.service/,
    });
    expect(await isActive()).toBe('active');
    expect(await readdir(member.dataDir)).toEqual(['member']);
  });

  test('is put back although it tries, barred, to start again and again', async () => {
    await steps('perform', ['lock', 'stop', 'keep']);
    expect(found['lock']).toMatchObject({ wasRunning: true, served: true });
    await boot();
    await expect.poll(restarts, { timeout: 20_000 }).toBeGreaterThan(0);
    await steps('undo', ['keep', 'stop', 'lock']);
    expect(await isActive()).toBe('active');
    expect(await readdir(member.dataDir)).toEqual(['member']);
  });

  const dropIns = async (): Promise<string> =>
    (await machine.run('ls', ['/etc/systemd/system'])).stdout.trim();
  const started = async (): Promise<string> =>
    (await machine.run('systemctl', ['show', '--property=ExecStart', unit])).stdout;

  test('is told that it joins however it is started, from when its name is free until the end', async () => {
    // There is nobody to be joined, so it does not start; what it would have founded is seen by its data.
    const join = { join: { initialCluster }, fails: /cannot fetch cluster info from peer urls/ };
    await steps('perform', ['lock', 'stop', 'keep']);
    await steps('perform', ['start'], join);
    await boot();
    await expect.poll(restarts, { timeout: 20_000 }).toBeGreaterThan(0);
    expect(await started()).toContain('--initial-cluster-state=existing');
    expect(await readdir(`${member.dataDir}/member`)).not.toContain('wal');
    await steps('undo', ['start']);
    expect([await dropIns(), await isActive()]).toEqual(['', 'inactive']);
    await steps('perform', ['start'], join);
    expect(await dropIns()).toBe(`${unit}.d`);
    await steps('perform', ['unlock']);
    expect(await dropIns()).toBe('');
  });
});
