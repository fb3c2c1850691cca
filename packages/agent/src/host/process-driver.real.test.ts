import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { systemClock } from '@holdfast/base';
import type { ComponentDescription, MemberDescription } from '@holdfast/model';
import { etcdOrSkip, planCluster } from '@holdfast/test-servers';
import { afterAll, describe, expect, test } from 'vitest';
import { hastyClock, type DriverCall } from '../testing/call-driver.ts';
import { componentUnderTest, makeSlowServer } from '../testing/component-conformance.ts';
import { describeDriver, type DriverUnderTest } from '../testing/driver-conformance.ts';
import { describeEtcdDriver, etcdUnderTest, type EtcdUnderTest } from '../testing/etcd-conformance.ts';
import { discoverCluster } from './discover.ts';
import { componentHost, etcdHost, type Host, type HostDriver } from './driver.ts';
import { proveStarted, proveStopped } from './proof.ts';

const etcd = await etcdOrSkip('3.6');
const callDriver = join(import.meta.dirname, '..', 'testing', 'call-driver.ts');

async function describedMember(): Promise<MemberDescription> {
  const dir = await mkdtemp(join(tmpdir(), 'holdfast-host-'));
  const { binaries, members } = await planCluster({ version: '3.6', dir });
  const [member] = members;
  if (member === undefined) throw new Error('no member was planned');
  const { name, clientUrl, peerUrl, dataDir, logFile } = member;
  return {
    name,
    clientUrls: [clientUrl],
    peerUrls: [peerUrl],
    dataDir,
    run: {
      driver: 'process',
      command: [
        binaries.etcd,
        '--data-dir',
        dataDir,
        `--listen-client-urls=${clientUrl}`,
        `--advertise-client-urls=${clientUrl}`,
        `--listen-peer-urls=${peerUrl}`,
        `--initial-advertise-peer-urls=${peerUrl}`,
        `--unsafe-no-fsync`,
      ],
      environment: { ETCD_NAME: name, ETCD_INITIAL_CLUSTER: `${name}=${peerUrl}` },
      logFile,
    },
  };
}

function startFromElsewhere(what: DriverCall['what']): void {
  const call: DriverCall = { what, act: 'start' };
  const { status, stdout } = spawnSync(process.execPath, [callDriver], { input: JSON.stringify(call) });
  expect([status, String(stdout)]).toEqual([0, '{"value":null}']);
}

/** What is the same of everything that runs as a process here. */
function processUnderTest<Driver extends HostDriver>(
  what: DriverCall['what'],
  { hosted, driver }: Host<Driver>,
  hasty: HostDriver,
): Pick<
  DriverUnderTest<Driver>,
  'driver' | 'proveStopped' | 'proveStarted' | 'startFromElsewhere' | 'commandOf' | 'freeze'
> {
  return {
    driver: { ...driver, stop: (signal) => hasty.stop(signal) },
    proveStopped: (signal) => proveStopped(hosted, driver, signal, systemClock),
    proveStarted: (signal) => proveStarted(hosted, driver, signal, systemClock),
    startFromElsewhere: async () => startFromElsewhere(what),
    commandOf: async (pid) => (await readFile(`/proc/${pid}/cmdline`, 'utf8')).split('\0').slice(0, -1),
    freeze: async (pid) => void process.kill(pid, 'SIGSTOP'),
  };
}

async function underTest(): Promise<EtcdUnderTest> {
  const member = await describedMember();
  const host = etcdHost(member, systemClock);
  return etcdUnderTest({
    member,
    ...processUnderTest(member, host, etcdHost(member, hastyClock).driver),
    async [Symbol.asyncDispose]() {
      await host.driver.stop(AbortSignal.timeout(10_000)).catch(() => undefined);
      await rm(dirname(member.dataDir), { recursive: true });
    },
  });
}

async function apiserverUnderTest(): Promise<DriverUnderTest> {
  const dir = await mkdtemp(join(tmpdir(), 'holdfast-host-'));
  const { command, url, spoil } = await makeSlowServer(dir, 'kube-apiserver', 1_000);
  const component: ComponentDescription = {
    name: 'api-1',
    component: 'kube-apiserver',
    urls: [url],
    run: {
      driver: 'process',
      command: ['nice', '-n', '1', ...command],
      environment: {},
      logFile: join(dir, 'log'),
    },
  };
  const host = componentHost(component, systemClock);
  return {
    ...componentUnderTest,
    program: component.component,
    spoil,
    ...processUnderTest(component, host, componentHost(component, hastyClock).driver),
    async [Symbol.asyncDispose]() {
      await host.driver.stop(AbortSignal.timeout(10_000)).catch(() => undefined);
      await rm(dir, { recursive: true });
    },
  };
}

describeDriver('process, of an API server,', apiserverUnderTest);

describe.skipIf(etcd.skip)('a process of its own', () => {
  describeEtcdDriver('process, of etcd,', underTest);
});

describe.skipIf(etcd.skip)('what runs here', () => {
  let under: EtcdUnderTest | undefined;
  afterAll(async () => {
    await under?.[Symbol.asyncDispose]();
  });

  test('is described so that it can be started again in the same way', async () => {
    under = await underTest();
    const { member, driver } = under;
    await driver.start(AbortSignal.timeout(10_000));
    const { members } = (await discoverCluster('found', member.clientUrls)).description;
    const found = members.find(({ dataDir }) => dataDir === member.dataDir);
    expect(found).toEqual(member);
    await under.proveStarted(AbortSignal.timeout(10_000));
  });

  test('is taken for one cluster only where it is one: of two that run here, one has to be named', async () => {
    await using other = await underTest();
    await other.driver.start(AbortSignal.timeout(10_000));
    await other.proveStarted(AbortSignal.timeout(10_000));
    await expect(discoverCluster('found')).rejects.toMatchObject({
      code: 'usage',
      why: expect.stringContaining('--endpoints') as string,
    });
    const { members } = (await discoverCluster('found', other.member.clientUrls)).description;
    expect(members).toEqual([other.member]);
  });

  test('hears no signal that is meant for who started it', async () => {
    const pid = (await under?.driver.state(AbortSignal.timeout(5_000)))?.pid;
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    expect(
      stat
        .slice(stat.lastIndexOf(')') + 2)
        .split(' ')
        .slice(2, 4),
    ).toEqual([`${pid}`, `${pid}`]);
  });
});
