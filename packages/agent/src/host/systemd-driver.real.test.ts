import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Failure } from '@holdfast/base';
import type { ComponentDescription, MemberDescription } from '@holdfast/model';
import { etcdOrSkip, planCluster, type SystemdMachine, systemdOrSkip } from '@holdfast/test-servers';
import { afterAll, describe, expect, test } from 'vitest';
import type { DriverAnswer, DriverCall } from '../testing/call-driver.ts';
import { componentUnderTest, makeSlowServer, type SlowServer } from '../testing/component-conformance.ts';
import { describeDriver, type DriverUnderTest } from '../testing/driver-conformance.ts';
import { describeEtcdDriver, etcdUnderTest, type EtcdUnderTest } from '../testing/etcd-conformance.ts';
import type { Discovery } from './discover.ts';
import type { EtcdDriver } from './driver.ts';
import { execStartOf } from './join-drop-in.ts';

const etcd = await etcdOrSkip('3.6');
const systemd = await systemdOrSkip();
const checkout = join(import.meta.dirname, '..', '..', '..', '..');
const callDriver = join(import.meta.dirname, '..', 'testing', 'call-driver.ts');
const unit = 'etcd.service';

type Call = <T>(call: Omit<DriverCall, 'what'>) => Promise<T>;

interface OnMachine {
  readonly machine: SystemdMachine;
  readonly call: Call;
}

async function startMachine(): Promise<SystemdMachine> {
  if (systemd.skip) throw new Error(systemd.why);
  const etcdFolder = etcd.skip ? checkout : dirname(etcd.binaries.etcd);
  return systemd.start([checkout, dirname(process.execPath), etcdFolder]);
}

/** What is the same of everything that runs as a unit of a machine. */
function unitUnderTest(
  machine: SystemdMachine,
  what: DriverCall['what'],
): OnMachine &
  Omit<DriverUnderTest<EtcdDriver>, 'program' | 'notStopped' | 'notStarted' | 'spoil' | 'spoiled'> {
  const call: Call = async <T>(call: Omit<DriverCall, 'what'>): Promise<T> => {
    const input = JSON.stringify({ what, ...call });
    const { code, stdout, stderr } = await machine.run(process.execPath, [callDriver], { input });
    if (code !== 0) throw new Error(`${call.act}: ${stderr}`);
    const answer = JSON.parse(stdout) as DriverAnswer;
    if ('failure' in answer)
      throw new Failure(answer.failure.code, answer.failure.why, { member: what.name });
    return answer.value as T;
  };
  return {
    machine,
    call,
    driver: {
      state: () => call({ act: 'state' }),
      stop: () => call({ act: 'stop' }),
      start: () => call({ act: 'start' }),
      tellJoin: (join) => call({ act: 'tellJoin', ...(join !== undefined && { join }) }),
      whyUnstartable: async () => (await call<string | null>({ act: 'whyUnstartable' })) ?? undefined,
      program: () => call({ act: 'program' }),
      logTail: () => call({ act: 'logTail' }),
    },
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

async function underTest(): Promise<OnMachine & EtcdUnderTest> {
  const machine = await startMachine();
  const member = await placeUnit(machine);
  return etcdUnderTest({ member, ...unitUnderTest(machine, member) });
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

const apiUnit = 'kube-apiserver.service';

async function placeServer(
  machine: SystemdMachine,
): Promise<{ readonly component: ComponentDescription; readonly server: SlowServer }> {
  const dir = join(machine.dir, 'api');
  await mkdir(dir);
  const server = await makeSlowServer(dir, 'kube-apiserver', 1_000);
  await machine.addUnit(
    apiUnit,
    `[Service]\nExecStart=${server.command.join(' ')}\nRestart=always\nRestartSec=1\n`,
  );
  const component: ComponentDescription = {
    name: 'api-1',
    component: 'kube-apiserver',
    urls: [server.url],
    run: { driver: 'systemd', unit: apiUnit },
  };
  return { component, server };
}

async function apiserverUnderTest(): Promise<DriverUnderTest> {
  const machine = await startMachine();
  const { component, server } = await placeServer(machine);
  return {
    ...componentUnderTest,
    program: component.component,
    spoil: server.spoil,
    ...unitUnderTest(machine, component),
  };
}

describe.skipIf(etcd.skip || systemd.skip)('a unit of a real systemd', () => {
  describeEtcdDriver('systemd, of etcd,', underTest);
});

describe.skipIf(systemd.skip)('a unit of a real systemd', () => {
  describeDriver('systemd, of an API server,', apiserverUnderTest);
});

describe.skipIf(etcd.skip || systemd.skip)('what runs under a real systemd', () => {
  let under: (OnMachine & EtcdUnderTest) | undefined;
  afterAll(async () => {
    await under?.[Symbol.asyncDispose]();
  });

  test('is described by its unit, and so are the parts of the control plane beside it', async () => {
    under = await underTest();
    await under.driver.start(AbortSignal.timeout(10_000));
    const { component } = await placeServer(under.machine);
    await under.machine.run('systemctl', ['start', apiUnit]);
    const { description, notes } = await under.call<Discovery>({ act: 'discover' });
    expect(description.members).toEqual([under.member]);
    const port = new URL(component.urls[0]!).port;
    expect(description.controlPlane).toEqual([
      {
        ...component,
        name: expect.stringMatching(/^kube-apiserver\./) as string,
        urls: [expect.stringMatching(new RegExp(`^https://.*:${port}$`)) as string],
      },
    ]);
    expect(notes).toEqual([]);
    await under.machine.run('systemctl', ['stop', apiUnit]);
  });

  test('is not taken for stopped where its unit is unknown, masked or broken', async () => {
    if (under === undefined) throw new Error('it did not start');
    const { machine } = under;
    const units = '/etc/systemd/system';
    await machine.addUnit('broken.service', '[Service]\nType=simple\n');
    await machine.run('sh', ['-c', `ln -s /dev/null ${units}/masked.service; systemctl daemon-reload`]);
    const seen = async (unit: string): Promise<unknown> => {
      const run = { driver: 'systemd' as const, unit };
      const what = { name: 'api-1', component: 'kube-apiserver' as const, urls: ['http://127.0.0.1:1'], run };
      return unitUnderTest(machine, what).call({ act: 'observe' });
    };
    expect(await seen('typo.service')).toEqual({
      running: null,
      detail: 'systemd knows no unit typo.service',
    });
    expect(await seen('masked.service')).toEqual({
      running: null,
      detail: 'masked.service is masked, so systemd does not start it',
    });
    expect(await seen('broken.service')).toEqual({
      running: null,
      detail: 'systemd cannot load broken.service (bad-setting)',
    });
    expect(await seen(apiUnit)).toMatchObject({ running: false });
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

  test('joins after a boot as well, until it is told that joining is over; then no drop-in is left', async () => {
    if (under === undefined) throw new Error('it did not start');
    const { driver, machine, member } = under;
    const commandOf = (pid: number): Promise<readonly string[]> => under!.commandOf(pid);
    const dropIns = async (): Promise<string> => (await machine.run('ls', ['/etc/systemd/system'])).stdout;
    const initialCluster = `$a%b"c=http://127.0.0.1:1,${member.name}=${member.peerUrls[0]}`;
    await driver.tellJoin({ initialCluster }, AbortSignal.timeout(10_000));
    expect(await dropIns()).toContain('etcd.service.d');
    // As a boot does it: what lies below /run is gone, and systemd starts the unit by itself.
    await machine.run('sh', ['-c', 'rm -rf /run/systemd/system/*; systemctl daemon-reload']);
    await machine.run('systemctl', ['start', '--no-block', unit]);
    const pidOf = async (): Promise<number> => (await driver.state(AbortSignal.timeout(10_000))).pid ?? 0;
    await expect.poll(pidOf, { timeout: 10_000 }).not.toBe(0);
    const flag = `--initial-cluster=${initialCluster}`;
    await expect.poll(async () => commandOf(await pidOf()), { timeout: 10_000 }).toContain(flag);
    await driver.stop(AbortSignal.timeout(10_000));
    await driver.tellJoin(undefined, AbortSignal.timeout(10_000));
    await driver.start(AbortSignal.timeout(10_000));
    expect(await commandOf(await pidOf())).not.toContain(flag);
    expect(await dropIns()).not.toContain('etcd.service.d');
  });

  test('joins beside drop-ins of the administrator, or it is told that it cannot', async () => {
    if (under === undefined) throw new Error('it did not start');
    const { driver, machine, member } = under;
    const command = execStartOf((await machine.run('systemctl', ['cat', unit])).stdout);
    const folder = `/etc/systemd/system/${unit}.d`;
    const dropIn = async (name: string, flag: string): Promise<void> => {
      const text = `[Service]\nExecStart=\nExecStart=${command} ${flag}\n`;
      const write = `mkdir -p ${folder}; cat > ${folder}/${name}; systemctl daemon-reload`;
      await machine.run('sh', ['-c', write], { input: text });
    };
    const join = { initialCluster: `${member.name}=${member.peerUrls[0]}` };
    const signal = AbortSignal.timeout(30_000);
    // As `systemctl edit` has it.
    await dropIn('override.conf', '--log-level=warn');
    await driver.tellJoin(join, signal);
    const { stdout } = await machine.run('systemctl', ['show', '--property=ExecStart', unit]);
    expect(stdout).toMatch(/ --log-level=warn --initial-cluster=\S+ --initial-cluster-state=existing ;/);
    // With flags of the same name, as a unit may have that once joined another cluster.
    await dropIn('zzzz.conf', '--initial-cluster=a=http://b:1 --initial-cluster-state=existing');
    await expect(driver.tellJoin(join, signal)).rejects.toMatchObject({
      code: 'etcd-not-started',
      why: expect.stringContaining('zzz-holdfast-join.conf') as string,
    });
    await machine.run('rm', [`${folder}/override.conf`, `${folder}/zzzz.conf`]);
    await driver.tellJoin(undefined, signal);
    expect((await machine.run('ls', ['/etc/systemd/system'])).stdout).not.toContain(`${unit}.d`);
  });
});
