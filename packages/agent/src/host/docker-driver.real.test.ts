import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@holdfast/base';
import type { ComponentDescription, MemberDescription } from '@holdfast/model';
import { etcdOrSkip, planCluster } from '@holdfast/test-servers';
import { afterAll, describe, expect, test } from 'vitest';
import { localNode } from '../local-node.ts';
import { testContext } from '../steps/test-restore.ts';
import { hastyClock, type DriverCall } from '../testing/call-driver.ts';
import { componentUnderTest, makeSlowServer } from '../testing/component-conformance.ts';
import { describeDriver, type DriverUnderTest } from '../testing/driver-conformance.ts';
import { describeEtcdDriver, etcdUnderTest, type EtcdUnderTest } from '../testing/etcd-conformance.ts';
import { writeContainer, type SmallContainer } from '../testing/small-docker.ts';
import { discoverCluster } from './discover.ts';
import { componentHost, etcdHost, type Host, type HostAccess, type HostDriver } from './driver.ts';
import { proveStarted, proveStopped } from './proof.ts';

const etcd = await etcdOrSkip('3.6');
const soon = (): AbortSignal => AbortSignal.timeout(30_000);
const isRoot = process.getuid?.() === 0;
const testing = join(import.meta.dirname, '..', 'testing');

interface Dockered {
  readonly dir: string;
  /** The folder of the daemon. */
  readonly root: string;
  readonly access: HostAccess;
}

async function makeDocker(): Promise<Dockered> {
  const dir = await mkdtemp(join(tmpdir(), 'holdfast-docker-'));
  const root = join(dir, 'docker');
  await mkdir(root);
  return { dir, root, access: { docker: [process.execPath, join(testing, 'small-docker.ts'), root] } };
}

/** As `rke up` makes it: it has never run yet. */
function create(
  root: string,
  container: Pick<SmallContainer, 'name' | 'image' | 'command' | 'mounts'>,
): void {
  writeContainer(root, {
    id: randomBytes(32).toString('hex'),
    ...container,
    restart: 'always',
    state: { status: 'created', pid: 0, exitCode: 0 },
    stopped: false,
  });
}

/** What is the same of everything that runs in a container here. */
function containerUnderTest<Driver extends HostDriver>(
  what: DriverCall['what'],
  { dir, access }: Dockered,
  { hosted, driver }: Host<Driver>,
  hasty: HostDriver,
): Omit<DriverUnderTest<Driver>, 'program' | 'notStopped' | 'notStarted' | 'spoil' | 'spoiled'> {
  return {
    isHidden: true,
    driver: { ...driver, stop: (signal) => hasty.stop(signal) },
    proveStopped: (signal) => proveStopped(hosted, driver, signal, systemClock),
    proveStarted: (signal) => proveStarted(hosted, driver, signal, systemClock),
    startFromElsewhere: async () => {
      const input = JSON.stringify({ what, act: 'start', access } satisfies DriverCall);
      const { status, stdout } = spawnSync(process.execPath, [join(testing, 'call-driver.ts')], { input });
      expect([status, String(stdout)]).toEqual([0, '{"value":null}']);
    },
    commandOf: async (pid) => (await readFile(`/proc/${pid}/cmdline`, 'utf8')).split('\0').slice(0, -1),
    freeze: async (pid) => void process.kill(pid, 'SIGSTOP'),
    async [Symbol.asyncDispose]() {
      await hasty.stop(AbortSignal.timeout(10_000)).catch(() => undefined);
      await rm(dir, { recursive: true });
    },
  };
}

async function underTest(): Promise<EtcdUnderTest & Dockered> {
  const docker = await makeDocker();
  const { binaries, members } = await planCluster({ version: '3.6', dir: docker.dir });
  const [planned] = members;
  if (planned === undefined) throw new Error('no member was planned');
  const { name, clientUrl, peerUrl, dataDir } = planned;
  const member: MemberDescription = {
    ...{ name, clientUrls: [clientUrl], peerUrls: [peerUrl], dataDir },
    run: { driver: 'docker', container: 'etcd', restart: 'always' },
  };
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  create(docker.root, {
    name: 'etcd',
    image: 'rancher/mirrored-coreos-etcd:v3.6.4',
    command: [
      binaries.etcd,
      `--listen-client-urls=${clientUrl}`,
      '--data-dir=/mnt/etcd/',
      `--initial-cluster=${name}=${peerUrl}`,
      `--name=${name}`,
      `--advertise-client-urls=${clientUrl}`,
      `--listen-peer-urls=${peerUrl}`,
      `--initial-advertise-peer-urls=${peerUrl}`,
      '--unsafe-no-fsync',
    ],
    mounts: [{ inside: '/mnt/etcd', outside: dataDir }],
  });
  const host = etcdHost(member, systemClock, docker.access);
  const hasty = etcdHost(member, hastyClock, docker.access).driver;
  const under = { ...docker, member, cannotJoin: /^the command of container etcd cannot be changed$/ };
  return etcdUnderTest({ ...under, ...containerUnderTest(member, docker, host, hasty) });
}

async function apiserverUnderTest(): Promise<DriverUnderTest> {
  const docker = await makeDocker();
  const { command, url, spoil } = await makeSlowServer(docker.dir, 'kube-apiserver', 1_000);
  const component: ComponentDescription = {
    name: 'api-1',
    component: 'kube-apiserver',
    urls: [url],
    run: { driver: 'docker', container: 'kube-apiserver', restart: 'always' },
  };
  create(docker.root, { name: 'kube-apiserver', image: 'rancher/hyperkube:v1.32.0', command, mounts: [] });
  const host = componentHost(component, systemClock, docker.access);
  const hasty = componentHost(component, hastyClock, docker.access).driver;
  return {
    ...componentUnderTest,
    program: component.component,
    spoil,
    ...containerUnderTest(component, docker, host, hasty),
  };
}

describe.skipIf(!isRoot)('a container of Docker', () => {
  describeDriver('docker, of an API server,', apiserverUnderTest);
});
describe.skipIf(etcd.skip || !isRoot)('a container of etcd', () => {
  describeEtcdDriver('docker, of etcd,', underTest);
});

describe.skipIf(etcd.skip || !isRoot)('a container that runs', () => {
  let under: Awaited<ReturnType<typeof underTest>> | undefined;
  afterAll(async () => {
    await under?.[Symbol.asyncDispose]();
  });
  const container = async (): Promise<SmallContainer> =>
    JSON.parse(await readFile(join(under!.root, 'etcd.json'), 'utf8')) as SmallContainer;

  test('is described by its name and policy, with the folder of the machine, and the version of its image', async () => {
    under = await underTest();
    const { driver, member, access } = under;
    await driver.start(soon());
    await under.proveStarted(soon());
    const { description } = await discoverCluster('found', member.clientUrls, access);
    expect(description.members).toEqual([member]);
    expect(await localNode(systemClock, access).observe(member, testContext)).toMatchObject({
      running: true,
      version: '3.6.4',
    });
  });

  test('has no restart policy from before it is stopped until it is started, and then its own again', async () => {
    const { driver, root } = under!;
    const callsSince = async (at: number): Promise<string[]> =>
      (await readFile(join(root, 'calls'), 'utf8'))
        .slice(at)
        .split('\n')
        .filter((line) => line !== '' && !line.startsWith('inspect'));
    const at = async (): Promise<number> => (await readFile(join(root, 'calls'), 'utf8')).length;
    const before = await at();
    await driver.stop(soon());
    expect(await callsSince(before)).toEqual(['update --restart=no etcd', 'kill --signal=TERM etcd']);
    expect((await container()).restart).toBe('no');
    const stopped = await at();
    await driver.start(soon());
    expect(await callsSince(stopped)).toEqual(['start etcd', 'update --restart=always etcd']);
  });

  test('that dies again and again is stopped as well', async () => {
    const { driver } = under!;
    const mend = await (async () => {
      await driver.stop(soon());
      return under!.spoil();
    })();
    writeContainer(under!.root, { ...(await container()), restart: 'always' });
    spawnSync(process.execPath, [join(testing, 'small-docker.ts'), under!.root, 'start', 'etcd']);
    expect(await driver.state(soon())).toMatchObject({ running: true });
    await driver.stop(soon());
    await under!.proveStopped(soon());
    await mend();
  });

  test('is not touched where its policy is another than described, or it is not there', async () => {
    const { driver, member, access } = under!;
    writeContainer(under!.root, { ...(await container()), restart: 'on-failure:5' });
    expect(await driver.whyUnstartable(soon())).toBe(
      'container etcd has the restart policy on-failure:5, and is described with always: a start would change it',
    );
    const run = { driver: 'docker' as const, container: 'other', restart: 'always' };
    const other = etcdHost({ ...member, run }, systemClock, access).driver;
    expect(await other.whyUnstartable(soon())).toMatch(/No such container: other$/);
    await expect(other.stop(soon())).rejects.toMatchObject({ code: 'node-failed' });
  });
});
