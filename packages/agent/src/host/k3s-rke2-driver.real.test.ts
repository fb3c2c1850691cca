import { copyFile, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Failure } from '@holdfast/base';
import type { ComponentDescription, HostDescription, MemberDescription } from '@holdfast/model';
import { etcdOrSkip, inTurn, planCluster, type SystemdMachine, systemdOrSkip } from '@holdfast/test-servers';
import { afterAll, describe, expect, test } from 'vitest';
import type { DriverAnswer, DriverCall } from '../testing/call-driver.ts';
import { makeSlowServer } from '../testing/component-conformance.ts';
import { describeEtcdDriver, etcdUnderTest, type EtcdUnderTest } from '../testing/etcd-conformance.ts';
import type { Discovery } from './discover.ts';
import type { HostDriver } from './driver.ts';

const etcd = await etcdOrSkip('3.6');
const systemd = await systemdOrSkip();
const skip = etcd.skip || systemd.skip;
const soon = (): AbortSignal => AbortSignal.timeout(30_000);
const checkout = join(import.meta.dirname, '..', '..', '..', '..');
const testing = join(import.meta.dirname, '..', 'testing');

type Runtime = 'k3s' | 'rke2';
type Call = <T>(call: Omit<DriverCall, 'what'>) => Promise<T>;

function callOn(machine: SystemdMachine, what: DriverCall['what']): Call {
  return async <T>(call: Omit<DriverCall, 'what'>): Promise<T> => {
    const input = JSON.stringify({ what, ...call });
    const { code, stdout, stderr } = await machine.run(process.execPath, [join(testing, 'call-driver.ts')], {
      input,
    });
    if (code !== 0) throw new Error(`${call.act}: ${stderr}`);
    const answer = JSON.parse(stdout) as DriverAnswer;
    if ('failure' in answer)
      throw new Failure(answer.failure.code, answer.failure.why, { member: what.name });
    return answer.value as T;
  };
}

function driverBy(call: Call): HostDriver {
  return {
    state: () => call({ act: 'state' }),
    stop: () => call({ act: 'stop' }),
    start: () => call({ act: 'start' }),
    whyUnstartable: async () => (await call<string | null>({ act: 'whyUnstartable' })) ?? undefined,
    program: async () => (await call<string | null>({ act: 'program' })) ?? undefined,
    logTail: () => call({ act: 'logTail' }),
  };
}

interface Server {
  readonly machine: SystemdMachine;
  readonly call: Call;
  readonly component: ComponentDescription;
}

/** A server as `curl -sfL https://get.k3s.io | sh -` leaves it: its unit, which ends with its first process alone. */
async function underTest(runtime: Runtime): Promise<EtcdUnderTest & Server> {
  if (systemd.skip || etcd.skip) throw new Error('it cannot be had');
  const machine = await systemd.start([checkout, dirname(process.execPath), dirname(etcd.binaries.etcd)]);
  const { members } = await planCluster({ version: '3.6', dir: machine.dir });
  const [planned] = members;
  if (planned === undefined) throw new Error('no member was planned');
  const data = join(machine.dir, 'rancher', runtime);
  const server = await makeSlowServer(machine.dir, 'kube-apiserver', 500);
  const [client, peer] = [planned.clientUrl, planned.peerUrl];
  await symlink(process.execPath, join(machine.dir, 'kubelet'));
  if (runtime === 'k3s') await copyFile(etcd.binaries.etcd, join(machine.dir, 'k3s-inner'));
  const settings = {
    ...{ data, client, peer, etcd: etcd.binaries.etcd },
    ...{ node: join(machine.dir, 'kubelet'), kubelet: join(testing, 'small-kubelet.ts') },
    api: runtime === 'k3s' ? server.command.join(' ') : '',
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name}='${value}'\n`);
  await writeFile(join(machine.dir, 'settings'), lines.join(''));
  await machine.run('mkdir', ['-p', '/mnt']);
  const unit = runtime === 'k3s' ? 'k3s.service' : 'rke2-server.service';
  const killMode = runtime === 'k3s' ? 'control-group' : 'process';
  await machine.addUnit(
    unit,
    `[Service]\nExecStart=${join(testing, 'small-rancher.sh')} ${runtime} ${machine.dir}\nKillMode=${killMode}\nRestart=always\nRestartSec=1\n`,
  );
  const run: HostDescription = { driver: 'k3s-rke2', runtime, dataDir: data };
  const member: MemberDescription = {
    name: 'cp-1-1a2b3c4d',
    ...{ clientUrls: [client], peerUrls: [peer], run },
    dataDir: join(data, 'server', 'db', 'etcd'),
  };
  await mkdir(member.dataDir, { recursive: true, mode: 0o700 });
  const call = callOn(machine, member);
  return etcdUnderTest({
    ...{ machine, call, member },
    component: { name: 'api-1', component: 'kube-apiserver' as const, urls: [server.url], run },
    cannotJoin: new RegExp(`^${runtime} has its etcd join by itself`),
    isHidden: true,
    driver: {
      ...driverBy(call),
      tellJoin: (join) => call({ act: 'tellJoin', ...(join !== undefined && { join }) }),
    },
    proveStopped: () => call({ act: 'proveStopped', withinMs: 5_000 }),
    proveStarted: () => call({ act: 'proveStarted' }),
    startFromElsewhere: () => call({ act: 'start' }),
    commandOf: async (pid) =>
      (await machine.run('cat', [`/proc/${pid}/cmdline`])).stdout.split('\0').slice(0, -1),
    freeze: async (pid) => void (await machine.run('kill', ['-STOP', `${pid}`])),
    [Symbol.asyncDispose]: () => machine[Symbol.asyncDispose](),
  });
}

describe.skipIf(skip)('an etcd in a server', () => {
  for (const runtime of inTurn(['k3s', 'rke2'] as const, 2)) {
    describeEtcdDriver(`k3s-rke2, of ${runtime},`, () => underTest(runtime));
  }
});

describe.skipIf(skip)('a server of K3s', () => {
  let under: (EtcdUnderTest & Server) | undefined;
  afterAll(async () => {
    await under?.[Symbol.asyncDispose]();
  });

  test('is called as its data has it, on a new machine too', async () => {
    under = await underTest('k3s');
    const { driver, member } = under;
    const name = join(member.dataDir, 'name');
    await writeFile(name, 'cp-1-other');
    expect(await driver.whyUnstartable(soon())).toMatch(/^k3s calls this member cp-1-other /);
    await rm(name);
    await driver.start(soon());
    await under.proveStarted(soon());
    expect(await readFile(name, 'utf8')).toBe(member.name);
  });

  test('has its API server in the same unit: up with etcd, down with it', async () => {
    const { machine, component, driver } = under!;
    const call = callOn(machine, component);
    const api = driverBy(call);
    expect(await call({ act: 'proveStarted' })).toMatchObject({ started: true });
    expect(await api.stop(soon())).toBe(true);
    await call({ act: 'proveStopped', withinMs: 5_000 });
    await under!.proveStopped(soon());
    expect(await driver.stop(soon())).toBe(false);
    await driver.start(soon());
    await api.start(soon());
    expect(await call({ act: 'proveStarted' })).toMatchObject({
      evidence: expect.stringContaining('/readyz answers: 200') as string,
    });
  });

  test('does not start from data that it would move away, or that a reset has not been started from', async () => {
    const { driver, member } = under!;
    await driver.stop(soon());
    for (const [file, why] of [
      [join(member.dataDir, 'tombstone'), /tombstone stands, for which k3s would move its data away/],
      [join(member.dataDir, '..', 'reset-flag'), /reset-flag stands: its membership was reset/],
    ] as const) {
      await writeFile(file, '');
      expect(await driver.whyUnstartable(soon())).toMatch(why);
      await expect(driver.start(soon())).rejects.toMatchObject({ code: 'etcd-not-started' });
      await rm(file);
    }
    expect(await driver.whyUnstartable(soon())).toBeUndefined();
  });
});

describe.skipIf(skip)('a server of RKE2', () => {
  test('is described by the manifest that it has written, and leaves no pod of etcd when it is stopped', async () => {
    await using under = await underTest('rke2');
    const { driver, call, machine, member } = under;
    const signal = AbortSignal.timeout(60_000);
    await driver.start(signal);
    await under.proveStarted(signal);
    const { description } = await call<Discovery>({ act: 'discover' });
    expect(description.members).toEqual([member]);
    // The unit alone leaves it.
    await machine.run('systemctl', ['stop', 'rke2-server.service']);
    expect(await driver.state(signal)).toMatchObject({
      running: true,
      detail: expect.stringMatching(/inactive .*, process \d+ is etcd$/) as string,
    });
    expect(await driver.stop(signal)).toBe(true);
    await under.proveStopped(signal);
  });
});
