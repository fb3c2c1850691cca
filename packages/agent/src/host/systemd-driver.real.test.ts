import { dirname, join } from 'node:path';
import { Failure } from '@holdfast/base';
import type { ClusterDescription, MemberDescription } from '@holdfast/model';
import { etcdOrSkip, planCluster, type SystemdMachine, systemdOrSkip } from '@holdfast/test-servers';
import { afterAll, describe, expect, test } from 'vitest';
import type { DriverAnswer, DriverCall } from '../testing/call-driver.ts';
import { describeDriver, type DriverUnderTest } from '../testing/driver-conformance.ts';
import type { HostDriver } from './driver.ts';

const etcd = await etcdOrSkip('3.6');
const systemd = await systemdOrSkip();
const checkout = join(import.meta.dirname, '..', '..', '..', '..');
const callDriver = join(import.meta.dirname, '..', 'testing', 'call-driver.ts');
const unit = 'etcd.service';

interface MachineUnderTest extends DriverUnderTest {
  readonly machine: SystemdMachine;
  readonly call: <T>(call: Omit<DriverCall, 'member'>) => Promise<T>;
}

async function underTest(): Promise<MachineUnderTest> {
  if (systemd.skip) throw new Error(systemd.why);
  const etcdFolder = etcd.skip ? checkout : dirname(etcd.binaries.etcd);
  const machine = await systemd.start([checkout, dirname(process.execPath), etcdFolder]);
  const member = await placeUnit(machine);
  const call = async <T>(call: Omit<DriverCall, 'member'>): Promise<T> => {
    const input = JSON.stringify({ member, ...call });
    const { code, stdout, stderr } = await machine.run(process.execPath, [callDriver], { input });
    if (code !== 0) throw new Error(`${call.act}: ${stderr}`);
    const answer = JSON.parse(stdout) as DriverAnswer;
    if ('failure' in answer)
      throw new Failure(answer.failure.code, answer.failure.why, { member: member.name });
    return answer.value as T;
  };
  const driver: HostDriver = {
    state: () => call({ act: 'state' }),
    stop: () => call({ act: 'stop' }),
    start: (start) => call({ act: 'start', start }),
    program: () => call({ act: 'program' }),
    logTail: () => call({ act: 'logTail' }),
  };
  return {
    machine,
    member,
    driver,
    call,
    // How long the signal has left cannot be seen; the story asks for no proof that has to wait and then fail.
    proveStopped: () => call({ act: 'proveStopped', withinMs: 5_000 }),
    proveStarted: () => call({ act: 'proveStarted' }),
    startFromElsewhere: () => call({ act: 'start' }),
    commandOf: async (pid) =>
      (await machine.run('cat', [`/proc/${pid}/cmdline`])).stdout.split('\0').slice(0, -1),
    freeze: async (pid) => void (await machine.run('kill', ['-STOP', `${pid}`])),
    [Symbol.asyncDispose]: () => machine[Symbol.asyncDispose](),
  };
}

/** A unit as the distributions have it: ready by notification, started again whenever it ends, settings on both ways. */
async function placeUnit(machine: SystemdMachine): Promise<MemberDescription> {
  const { binaries, members } = await planCluster({ version: '3.6', dir: machine.dir });
  const [member] = members;
  if (member === undefined) throw new Error('no member was planned');
  const { name, clientUrl, peerUrl, dataDir } = member;
  await machine.addUnit(
    unit,
    `[Unit]
Description=etcd

[Service]
Type=notify
Environment=ETCD_NAME=${name} "ETCD_INITIAL_CLUSTER=${name}=${peerUrl}"
ExecStart=${binaries.etcd} --data-dir ${dataDir} \\
  --listen-client-urls=${clientUrl} --advertise-client-urls=${clientUrl} \\
  --listen-peer-urls=${peerUrl} --initial-advertise-peer-urls=${peerUrl} \\
  --unsafe-no-fsync
Restart=always
TimeoutStopSec=10
`,
  );
  return {
    name,
    clientUrls: [clientUrl],
    peerUrls: [peerUrl],
    dataDir,
    run: { driver: 'systemd', unit },
  };
}

describe.skipIf(etcd.skip || systemd.skip)('a unit of a real systemd', () => {
  describeDriver('systemd', underTest);
});

describe.skipIf(etcd.skip || systemd.skip)('what runs under a real systemd', () => {
  let under: MachineUnderTest | undefined;
  afterAll(async () => {
    await under?.[Symbol.asyncDispose]();
  });

  test('is described by its unit', async () => {
    under = await underTest();
    await under.driver.start({}, AbortSignal.timeout(10_000));
    const found = await under.call<ClusterDescription>({ act: 'discover' });
    expect(found.members).toEqual([under.member]);
  });

  test('that is started again whenever it ends, stays stopped once it is stopped', async () => {
    if (under === undefined) throw new Error('it did not start');
    const { driver, machine, call } = under;
    const { pid } = await driver.state(AbortSignal.timeout(10_000));
    await machine.run('kill', ['-KILL', `${pid}`]);
    await call({ act: 'proveStarted' });
    await driver.stop(AbortSignal.timeout(10_000));
    await call({ act: 'proveStopped' });
    const { stdout } = await machine.run('systemctl', ['is-active', unit]);
    expect(stdout).toBe('inactive\n');
  });

  test('leaves no drop-in behind when it has joined and is started again', async () => {
    if (under === undefined) throw new Error('it did not start');
    const { driver, machine, member } = under;
    const dropIns = async (): Promise<string> => (await machine.run('ls', ['/run/systemd/system'])).stdout;
    const initialCluster = `$a%b"c=http://127.0.0.1:1,${member.name}=${member.peerUrls[0]}`;
    await driver.start({ join: { initialCluster } }, AbortSignal.timeout(10_000));
    expect(await dropIns()).toContain('etcd.service.d');
    const { pid } = await driver.state(AbortSignal.timeout(10_000));
    expect(await under.commandOf(pid ?? 0)).toContain(`--initial-cluster=${initialCluster}`);
    await driver.stop(AbortSignal.timeout(10_000));
    await driver.start({}, AbortSignal.timeout(10_000));
    expect(await dropIns()).not.toContain('etcd.service.d');
  });
});
