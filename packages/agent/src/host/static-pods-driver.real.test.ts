import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { systemClock } from '@holdfast/base';
import { heldManifest, type ComponentDescription, type MemberDescription } from '@holdfast/model';
import { etcdOrSkip, planCluster } from '@holdfast/test-servers';
import { afterAll, describe, expect, test } from 'vitest';
import { localNode } from '../local-node.ts';
import { testContext } from '../steps/test-restore.ts';
import { hastyClock, type DriverCall } from '../testing/call-driver.ts';
import { componentUnderTest, makeSlowServer } from '../testing/component-conformance.ts';
import { describeDriver, type DriverUnderTest } from '../testing/driver-conformance.ts';
import { describeEtcdDriver, etcdUnderTest, type EtcdUnderTest } from '../testing/etcd-conformance.ts';
import { discoverCluster } from './discover.ts';
import { componentHost, etcdHost, type Host, type HostDriver } from './driver.ts';
import { proveStarted, proveStopped } from './proof.ts';

const etcd = await etcdOrSkip('3.6');
const soon = (): AbortSignal => AbortSignal.timeout(30_000);
const isRoot = process.getuid?.() === 0;
const testing = join(import.meta.dirname, '..', 'testing');

/** A machine with a kubelet. */
interface PodMachine extends AsyncDisposable {
  readonly dir: string;
  readonly manifests: string;
  readonly podLogs: string;
  readonly kubelet: ChildProcess;
}

function manifestOf({ run }: MemberDescription): string {
  return run.driver === 'static-pods' ? run.manifest : '';
}

async function startMachine(): Promise<PodMachine> {
  const dir = await mkdtemp(join(tmpdir(), 'holdfast-pods-'));
  const [manifests, podLogs] = [join(dir, 'manifests'), join(dir, 'pods')];
  await mkdir(manifests);
  await mkdir(podLogs);
  await symlink(process.execPath, join(dir, 'kubelet'));
  const flags = [`--pod-manifest-path=${manifests}`, `--pod-logs=${podLogs}`, '--hostname-override=cp-1'];
  const kubelet = spawn(join(dir, 'kubelet'), [join(testing, 'small-kubelet.ts'), ...flags], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(kubelet.stdout, 'data');
  return {
    ...{ dir, manifests, podLogs, kubelet },
    async [Symbol.asyncDispose]() {
      const gone = once(kubelet, 'exit');
      if (kubelet.kill('SIGTERM')) await gone;
      await rm(dir, { recursive: true });
    },
  };
}

/** As `kubeadm init` writes it, with what a person has added. */
function etcdManifest(program: string, member: MemberDescription): string {
  const [client, peer] = [member.clientUrls[0]!, member.peerUrls[0]!];
  return `apiVersion: v1
kind: Pod
metadata:
  annotations:
    kubeadm.kubernetes.io/etcd.advertise-client-urls: ${client}
  labels:
    component: etcd
    tier: control-plane
  name: etcd
  namespace: kube-system
spec:
  containers:
  - command:
    - ${program}
    - --advertise-client-urls=${client}
    - --data-dir=/mnt/etcd
    - --initial-advertise-peer-urls=${peer}
    - --initial-cluster=${member.name}=${peer}
    - --listen-client-urls=${client}
    - --listen-peer-urls=${peer}
    - --name=${member.name}
    - --unsafe-no-fsync # the disk is slow
    image: registry.k8s.io/etcd:3.6.4-0
    name: etcd
    volumeMounts:
    - mountPath: /mnt/etcd
      name: etcd-data
  hostNetwork: true
  priorityClassName: system-node-critical
  volumes:
  - hostPath:
      path: ${member.dataDir}
      type: DirectoryOrCreate
    name: etcd-data
status: {}
`;
}

function apiserverManifest(command: readonly string[]): string {
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'kube-apiserver', namespace: 'kube-system' },
    spec: {
      containers: [{ name: 'kube-apiserver', image: 'registry.k8s.io/kube-apiserver:v1.34.1', command }],
    },
  };
  return JSON.stringify(pod);
}

/** What is the same of everything that runs as a static pod here. */
function podUnderTest<Driver extends HostDriver>(
  what: DriverCall['what'],
  { hosted, driver }: Host<Driver>,
  hasty: HostDriver,
): Pick<
  DriverUnderTest<Driver>,
  'driver' | 'isHidden' | 'proveStopped' | 'proveStarted' | 'startFromElsewhere' | 'commandOf' | 'freeze'
> {
  return {
    isHidden: true,
    driver: { ...driver, stop: (signal) => hasty.stop(signal) },
    proveStopped: (signal) => proveStopped(hosted, driver, signal, systemClock),
    proveStarted: (signal) => proveStarted(hosted, driver, signal, systemClock),
    startFromElsewhere: async () => {
      const input = JSON.stringify({ what, act: 'start' } satisfies DriverCall);
      const { status, stdout } = spawnSync(process.execPath, [join(testing, 'call-driver.ts')], { input });
      expect([status, String(stdout)]).toEqual([0, '{"value":null}']);
    },
    commandOf: async (pid) => (await readFile(`/proc/${pid}/cmdline`, 'utf8')).split('\0').slice(0, -1),
    freeze: async (pid) => void process.kill(pid, 'SIGSTOP'),
  };
}

async function underTest(): Promise<EtcdUnderTest & { readonly machine: PodMachine }> {
  const machine = await startMachine();
  const { binaries, members } = await planCluster({ version: '3.6', dir: machine.dir });
  const [planned] = members;
  if (planned === undefined) throw new Error('no member was planned');
  const manifest = join(machine.manifests, 'etcd.yaml');
  const member: MemberDescription = {
    name: planned.name,
    clientUrls: [planned.clientUrl],
    peerUrls: [planned.peerUrl],
    dataDir: planned.dataDir,
    run: { driver: 'static-pods', manifest, podLogs: machine.podLogs },
  };
  await mkdir(member.dataDir, { recursive: true, mode: 0o700 });
  await mkdir(dirname(heldManifest(manifest)));
  await writeFile(heldManifest(manifest), etcdManifest(binaries.etcd, member), { mode: 0o600 });
  const host = etcdHost(member, systemClock);
  return etcdUnderTest({
    ...{ machine, member },
    ...podUnderTest(member, host, etcdHost(member, hastyClock).driver),
    async [Symbol.asyncDispose]() {
      await host.driver.stop(AbortSignal.timeout(10_000)).catch(() => undefined);
      await machine[Symbol.asyncDispose]();
    },
  });
}

async function apiserverUnderTest(): Promise<DriverUnderTest> {
  const machine = await startMachine();
  const { command, url, spoil } = await makeSlowServer(machine.dir, 'kube-apiserver', 1_000);
  const manifest = join(machine.manifests, 'kube-apiserver.yaml');
  const component: ComponentDescription = {
    name: 'api-1',
    component: 'kube-apiserver',
    urls: [url],
    run: { driver: 'static-pods', manifest, podLogs: machine.podLogs },
  };
  await mkdir(dirname(heldManifest(manifest)));
  await writeFile(heldManifest(manifest), apiserverManifest(command));
  const host = componentHost(component, systemClock);
  return {
    ...componentUnderTest,
    program: component.component,
    spoil,
    ...podUnderTest(component, host, componentHost(component, hastyClock).driver),
    [Symbol.asyncDispose]: () => machine[Symbol.asyncDispose](),
  };
}

describe.skipIf(!isRoot)('a static pod', () => {
  describeDriver('static-pods, of an API server,', apiserverUnderTest);
});
describe.skipIf(etcd.skip || !isRoot)('a static pod of etcd', () => {
  describeEtcdDriver('static-pods, of etcd,', underTest);
});

describe.skipIf(etcd.skip || !isRoot)('a static pod that runs', () => {
  let under: Awaited<ReturnType<typeof underTest>> | undefined;
  afterAll(async () => {
    await under?.[Symbol.asyncDispose]();
  });

  test('is described with its manifest and the folder of the machine, and its version is that of the image', async () => {
    under = await underTest();
    const { driver, member } = under;
    await driver.start(soon());
    await under.proveStarted(soon());
    const { description, notes } = await discoverCluster('found', member.clientUrls);
    const found = description.members.find(({ dataDir }) => dataDir === member.dataDir);
    expect(found).toEqual({ ...member, run: { ...member.run, podLogs: '/var/log/pods' } });
    expect(notes.filter((note) => note.includes('etcd'))).toEqual([]);
    const sight = await localNode(systemClock).observe(member, testContext);
    expect(sight).toMatchObject({ running: true, version: '3.6.4' });
  });

  test('is stopped by moving its manifest, byte for byte, out of the folder and back', async () => {
    const { driver, machine, member } = under!;
    const manifest = manifestOf(member);
    const text = await readFile(manifest, 'utf8');
    await driver.stop(soon());
    expect(await readdir(machine.manifests)).toEqual([]);
    expect(await readFile(heldManifest(manifest), 'utf8')).toBe(text);
    await driver.start(soon());
    expect(await readFile(manifest, 'utf8')).toBe(text);
    expect(await readdir(machine.manifests)).toEqual(['etcd.yaml']);
  });

  test('keeps its comments while it joins, and is as it was after it; what a person has changed since is kept', async () => {
    const { driver, member } = under!;
    await driver.stop(soon());
    const held = heldManifest(manifestOf(member));
    const text = await readFile(held, 'utf8');
    await driver.tellJoin({ initialCluster: 'a=http://127.0.0.1:1' }, soon());
    await driver.tellJoin({ initialCluster: 'a=http://127.0.0.1:2' }, soon());
    const lines = (await readFile(held, 'utf8')).split('\n');
    expect(lines.filter((line) => line.includes('initial-cluster'))).toEqual([
      '    - --initial-cluster=a=http://127.0.0.1:2',
      '    - --initial-cluster-state=existing',
    ]);
    expect(lines).toContain('    - --unsafe-no-fsync # the disk is slow');
    await driver.tellJoin(undefined, soon());
    expect(await readFile(held, 'utf8')).toBe(text);
    await driver.tellJoin({ initialCluster: 'a=http://127.0.0.1:1' }, soon());
    await writeFile(held, `# mine\n${text}`);
    await driver.tellJoin(undefined, soon());
    expect(await readFile(held, 'utf8')).toBe(`# mine\n${text}`);
    await writeFile(held, text);
  });

  test('that came back as a new file beside the one put aside is stopped as well, and both are kept', async () => {
    const { driver, machine, member } = under!;
    const manifest = manifestOf(member);
    const text = await readFile(heldManifest(manifest), 'utf8');
    await writeFile(manifest, `${text}# again\n`, { mode: 0o600 });
    await under!.proveStarted(soon());
    await driver.stop(soon());
    await under!.proveStopped(soon());
    expect(await readFile(heldManifest(manifest), 'utf8')).toBe(`${text}# again\n`);
    expect(await readFile(`${heldManifest(manifest)}.1`, 'utf8')).toBe(text);
    expect(await readdir(machine.manifests)).toEqual([]);
  });

  test('cannot be started without a kubelet, from a manifest that is none, or from one that is not there', async () => {
    const { driver, machine, member } = under!;
    const held = heldManifest(manifestOf(member));
    const gone = once(machine.kubelet, 'exit');
    machine.kubelet.kill('SIGTERM');
    await gone;
    expect(await driver.whyUnstartable(soon())).toMatch(/^no kubelet runs here that watches /);
    await writeFile(held, 'kind: Deployment\n');
    expect(await driver.whyUnstartable(soon())).toMatch(/is not the manifest of a pod$/);
    await rm(held);
    expect(await driver.whyUnstartable(soon())).toMatch(/^there is no /);
  });
});
