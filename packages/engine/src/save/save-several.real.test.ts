import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Failure, systemClock } from '@holdfast/base';
import { connectEtcd, type EtcdClient } from '@holdfast/etcd/client';
import { LocalStorage, openRepository, openS3, type Repository } from '@holdfast/repository';
import { generateSecretKey } from '@holdfast/repository/object';
import { FaultyStorage } from '@holdfast/repository/testing';
import {
  etcdOrSkip,
  fillKubernetes,
  kubeSystemUid,
  s3OrSkip,
  s3Server,
  startCluster,
  type EtcdCluster,
} from '@holdfast/test-servers';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { VerbContext } from '../context.ts';
import { CopyQueue, runQueue } from '../queue/index.ts';
import type { SaveDestination } from './destination.ts';
import type { SaveOptions } from './save-options.ts';
import { saveSnapshot } from './save-snapshot.ts';
import { asReader, asRemote, makeSealed } from './testing/repositories.ts';

const context: VerbContext = { clock: systemClock, signal: new AbortController().signal, holdfast: '0.0.0' };
const secret = await generateSecretKey();
const noBucket = (await s3OrSkip('minio')).skip;
const uid = kubeSystemUid(1);
const full = new Failure('disk-full', 'ENOSPC', { path: 'the disk' });

const to = (
  name: string,
  repository: Repository | Failure,
  more: Partial<SaveDestination> = {},
): SaveDestination => ({ name, repository, required: true, ...more });

async function contentOf(repository: Repository, name: string): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const part of repository.readContent(await repository.snapshot(name))) parts.push(part);
  return Buffer.concat(parts);
}

describe.skipIf((await etcdOrSkip('3.6')).skip)('a save into several repositories', () => {
  let cluster: EtcdCluster;
  let client: EtcdClient;
  let folder: string;
  let queue: CopyQueue;
  beforeAll(async () => {
    cluster = await startCluster({ version: '3.6' });
    for (let i = 0; i < 60; i++) await cluster.gateway().put(`/a/${i}`, `${i} `.repeat(30_000));
    client = connectEtcd({ endpoints: cluster.endpoints, clock: systemClock });
  });
  afterAll(async () => {
    await client[Symbol.asyncDispose]();
    await cluster[Symbol.asyncDispose]();
  });
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'holdfast-several-'));
    queue = new CopyQueue(join(folder, 'state'), { clock: systemClock, random: () => 0 });
  });
  afterEach(() => rm(folder, { recursive: true }));

  const storage = (name: string): LocalStorage => new LocalStorage(join(folder, name));
  const faulty = (name: string): FaultyStorage => new FaultyStorage(storage(name));
  const open = (name: string): Promise<Repository> => openRepository(join(folder, name), { create: true });

  async function save(
    destinations: readonly SaveDestination[],
    options: Partial<SaveOptions> = {},
    overrides: Partial<VerbContext> = {},
  ) {
    return await saveSnapshot({ ...context, ...overrides }, { client, destinations, queue, ...options });
  }

  /** Every file below the folder of a repository that belongs to a snapshot, or to one that was never finished. */
  async function remains(name: string): Promise<string[]> {
    if (!existsSync(join(folder, name))) return [];
    const files = await readdir(join(folder, name), { recursive: true });
    return files.filter((each) => /snapshot\.db|companions\.tar|claim-|\.staging\/./.test(each));
  }

  async function waiting(): Promise<readonly string[]> {
    return (await queue.list()).items.map((each) => each.to);
  }

  test('plain, compressed and sealed at once hold the same content, each proven, and nothing waits', async () => {
    const [plain, second] = [await open('plain'), await open('second')];
    const bucket = await openRepository(asRemote(storage('bucket')), { create: true });
    const sealed = await makeSealed(storage('sealed'), secret);
    const far = await makeSealed(asRemote(storage('far')), secret);
    const all = { plain, second, bucket, sealed, far };
    const report = await save(Object.entries(all).map(([name, repository]) => to(name, repository)));
    expect(report.warnings).toEqual([]);
    expect(report.destinations.map(({ outcome }) => outcome)).toEqual(Array(5).fill('stored'));
    const { name } = report.snapshot;
    const content = await readFile(report.snapshot.plainFile!);
    for (const each of [plain, second, bucket, await asReader(sealed, secret), await asReader(far, secret)]) {
      expect((await contentOf(each, name)).equals(content)).toBe(true);
    }
    const entries = report.destinations.map(({ snapshot }) => snapshot!);
    expect(entries.map(({ state }) => state)).toEqual(Array(5).fill('verified'));
    expect(entries.map(({ manifest }) => manifest.objects[0]!.encoding)).toEqual([
      'plain',
      'plain',
      'zstd',
      'zstd+age',
      'zstd+age',
    ]);
    const [first, , compressed, near, beyond] = entries;
    expect(first!.evidence[0]!.source).toBeUndefined();
    for (const { evidence } of [compressed!, near!, beyond!]) {
      expect(evidence).toMatchObject([{ source: 'streamed', outcome: 'passed' }]);
      expect(evidence[0]!.checks.at(-1)).toMatchObject({ check: 'readback', outcome: 'passed' });
    }
    // Encoded once for both.
    expect(beyond!.manifest.objects).toEqual(near!.manifest.objects);
    expect(near!.trust.trusted).toBe(true);
    expect(await waiting()).toEqual([]);
  });

  test('sealed only, by one who cannot read it, no byte of it lies open on the disk', async () => {
    const sealed = await makeSealed(asRemote(storage('sealed')), secret);
    const scratchFolder = join(folder, 'scratch');
    await mkdir(scratchFolder);
    const { snapshot } = await save([to('sealed', sealed)], {}, { scratchFolder });
    expect(snapshot.state).toBe('verified');
    expect(await readdir(scratchFolder)).toEqual([]);
    const stored = await readdir(join(folder, 'sealed'), { recursive: true, withFileTypes: true });
    for (const each of stored.filter((entry) => entry.isFile())) {
      const bytes = await readFile(join(each.parentPath, each.name));
      expect(bytes.includes('1 1 1 1 1 1 1 1')).toBe(false);
    }
    expect(await contentOf(await asReader(sealed, secret), snapshot.name)).toHaveLength(
      snapshot.manifest.content.size,
    );
  });

  test('a slow repository holds back neither etcd nor the others', async () => {
    const gate = Promise.withResolvers<void>();
    const slow = await openRepository(
      asRemote(storage('slow'), () => gate.promise),
      { create: true },
    );
    const local = await open('local');
    const phases = new Set<string>();
    const saving = save(
      [to('slow', slow), to('local', local)],
      { name: 'one' },
      {
        onProgress: ({ phase }) => phases.add(phase),
      },
    );
    await expect
      .poll(async () => (await local.snapshots()).snapshots[0]?.state, { timeout: 10_000 })
      .toBe('verified');
    expect((await slow.snapshots()).snapshots).toEqual([]);
    // A kill now would leave the copy to the queue.
    expect(await waiting()).toEqual(['slow']);
    gate.resolve();
    expect((await saving).destinations.map(({ outcome }) => outcome)).toEqual(['stored', 'stored']);
    expect(await waiting()).toEqual([]);
  });

  test.each(['create', 'write', 'sync', 'place', 'read', 'put'] as const)(
    'what fails in one at its %s is stored in the others, and the queue makes the copy',
    async (step) => {
      const bad = faulty('bad');
      const kept = await openRepository(asRemote(bad), { create: true });
      const good = await open('good');
      // The first record that a delivery puts is its claim, the next one of the lease.
      bad.failNext(step, new Failure('s3-busy', 'SlowDown'), step === 'put' ? 1 : 0);
      const { destinations, snapshot } = await save([to('bad', kept), to('good', good)], { name: 'one' });
      // Syncing is a part of placing where nothing is held against it.
      if (step === 'sync') return expect(destinations[0]!.outcome).toBe('stored');
      expect(snapshot.path).toContain('good');
      expect(destinations).toMatchObject([
        { name: 'bad', outcome: 'failed', failure: { code: 's3-busy' }, queued: true },
        { name: 'good', outcome: 'stored', queued: false },
      ]);
      expect((await kept.snapshots()).snapshots).toEqual([]);
      expect(await waiting()).toEqual(['bad']);
      const later = { ...systemClock, now: () => new Date(Date.now() + 3_600_000) };
      const names = { bad: kept, good };
      const runs = await runQueue({ ...context, clock: later }, queue, {
        open: async (name) => names[name as keyof typeof names],
      });
      expect(runs).toMatchObject([{ outcome: 'copied', failure: null }]);
      expect((await kept.snapshot('one')).manifest.content).toEqual(snapshot.manifest.content);
      expect(await waiting()).toEqual([]);
    },
  );

  test('a full disk under the plain file or under the sealed one leaves the others whole', async () => {
    for (const kind of ['plain', 'sealed'] as const) {
      const bad = faulty(`bad-${kind}`);
      const first = await (kind === 'plain'
        ? openRepository(bad, { create: true })
        : makeSealed(bad, secret));
      const far = await makeSealed(asRemote(storage(`far-${kind}`)), secret);
      bad.failNext('write', full, 1);
      const { destinations, snapshot } = await save([to('bad', first), to('far', far)]);
      expect(destinations).toMatchObject([
        { outcome: 'failed', failure: { code: 'disk-full' }, queued: true },
        { outcome: 'stored', snapshot: { state: 'verified' } },
      ]);
      expect(await contentOf(await asReader(far, secret), snapshot.name)).toHaveLength(
        snapshot.manifest.content.size,
      );
      expect(await remains(`bad-${kind}`)).toEqual([]);
    }
  });

  test('stored nowhere, it fails with the reason of a required one, and nothing is left or waits', async () => {
    const [one, two] = [faulty('one'), faulty('two')];
    const repositories = [
      await openRepository(asRemote(one), { create: true }),
      await openRepository(two, { create: true }),
    ] as const;
    one.failNext('place', new Failure('s3-busy', 'SlowDown'));
    two.failNext('place', full);
    const saving = save([to('one', repositories[0], { required: false }), to('two', repositories[1])]);
    await expect(saving).rejects.toMatchObject({ code: 'disk-full' });
    expect([await remains('one'), await remains('two'), await waiting()]).toEqual([[], [], []]);
  });

  test('a best effort that fails is a warning, and waits too; what could not be opened does as well', async () => {
    const gone = new Failure('s3-unreachable', 'no such host', { endpoint: 'far' });
    const { destinations, warnings } = await save([
      to('here', await open('here')),
      to('far', gone, { required: false }),
    ]);
    expect(destinations[1]).toMatchObject({ outcome: 'failed', queued: true });
    expect(warnings).toMatchObject([/^not stored in far: .*no such host$/]);
    expect(await waiting()).toEqual(['far']);
  });

  test('aborted while one is stored and another is not, the first stays and the rest waits', async () => {
    const controller = new AbortController();
    const reason = new Error('enough');
    const never = Promise.withResolvers<void>();
    const slow = await openRepository(
      asRemote(storage('slow'), () => never.promise),
      { create: true },
    );
    const local = await open('local');
    const told: string[] = [];
    const onStored = (...words: string[]): void => void told.push(words.join(' in '));
    const saving = save(
      [to('slow', slow), to('local', local)],
      { name: 'one', onStored },
      { signal: controller.signal },
    );
    const failed = expect(saving).rejects.toBe(reason);
    await expect
      .poll(async () => (await local.snapshots()).snapshots[0]?.state, { timeout: 10_000 })
      .toBe('verified');
    controller.abort(reason);
    await failed;
    expect(told).toEqual(['one in local']);
    expect(await waiting()).toEqual(['slow']);
    expect(await remains('slow')).toEqual([]);
  });

  test('aborted while it streams, nothing is left anywhere', async () => {
    const controller = new AbortController();
    const reason = new Error('enough');
    const [plain, sealed] = [await open('plain'), await makeSealed(storage('sealed'), secret)];
    const onProgress = ({ phase, done }: { phase: string; done: number }): void => {
      if (phase === 'stream' && done > 1_000_000) controller.abort(reason);
    };
    const saving = save(
      [to('plain', plain), to('sealed', sealed)],
      {},
      { signal: controller.signal, onProgress },
    );
    await expect(saving).rejects.toBe(reason);
    expect([await remains('plain'), await remains('sealed'), await waiting()]).toEqual([[], [], []]);
  });

  test('the copy on this machine goes when all others are stored, and never when it is the only one', async () => {
    const local = await open('local');
    const bad = faulty('far');
    const far = await makeSealed(asRemote(bad), secret);
    const both = [to('local', local, { dropLocal: true }), to('far', far)];
    const { destinations, snapshot } = await save(both);
    expect(destinations.map(({ outcome }) => outcome)).toEqual(['dropped', 'stored']);
    expect(snapshot.state).toBe('verified');
    expect((await local.snapshots()).snapshots).toEqual([]);
    bad.failNext('place', new Failure('s3-busy', 'SlowDown'));
    const second = await save(both, { name: 'second' });
    expect(second.destinations.map(({ outcome }) => outcome)).toEqual(['stored', 'failed']);
    expect(second.warnings).toEqual(['the copy in local stays: it is not stored in far yet']);
    const later = { ...systemClock, now: () => new Date(Date.now() + 3_600_000) };
    await runQueue({ ...context, clock: later }, queue, {
      open: async (name) => (name === 'local' ? local : far),
    });
    expect((await far.snapshots()).snapshots).toHaveLength(2);
    expect((await local.snapshots()).snapshots).toEqual([]);
    const alone = await save([to('local', local, { dropLocal: true })]);
    expect(alone.destinations.map(({ outcome }) => outcome)).toEqual(['stored']);
  });

  test('of several that failed each gets its copy before the one on this machine goes', async () => {
    const [local, bad] = [await open('local'), faulty('a')];
    const a = await openRepository(asRemote(bad), { create: true });
    const names = new Map(Object.entries({ local, a }));
    const down = new Failure('s3-unreachable', 'no such host', { endpoint: 'b' });
    bad.failNext('place', new Failure('s3-busy', 'SlowDown'));
    const b = { name: 'b', at: 's3://b at http://b', required: true, repository: down };
    await save([to('local', local, { dropLocal: true }), to('a', a), b]);
    const { items } = await queue.list();
    expect(items).toMatchObject([{ toId: a.record.id }, { toId: null, toAt: b.at }]);
    expect([new Set(items.map((item) => item.save)).size, items[1]!.from.length]).toEqual([1, 1]);
    for (const name of ['a', 'b']) {
      if (name === 'b') names.set('b', await open('b'));
      const only = items.filter((item) => item.to === name).map(({ id }) => id);
      await runQueue(context, queue, { only, open: async (each) => names.get(each)! });
      expect((await local.snapshots()).snapshots).toHaveLength(name === 'a' ? 1 : 0);
    }
    expect([(await names.get('b')!.snapshots()).snapshots.length, await waiting()]).toEqual([1, []]);
  });

  test('a Kubernetes is known by its UID, and keeps the place that it had without', async () => {
    await using kubernetes = await startCluster({ version: '3.6' });
    await using kube = connectEtcd({ endpoints: kubernetes.endpoints, clock: systemClock });
    const here = await open('here');
    const before = await save([to('here', here)], { client: kube, cluster: 'old' });
    await fillKubernetes(kubernetes, { objects: 50 });
    const same = await save([to('here', here)], { client: kube });
    expect(same.snapshot.cluster).toEqual(before.snapshot.cluster);
    expect(same.snapshot.manifest.cluster.kubernetesUid).toBe(uid);
    const there = await open('there');
    const { snapshot } = await save([to('here', here), to('there', there)], { client: kube });
    expect(snapshot.cluster.name).toBe('old');
    const [known] = await there.clusters();
    expect(known).toMatchObject({ id: uid, name: 'old', kubernetesUid: uid });
    const foreign = await open('foreign');
    await foreign.addCluster('old', '0b9c1f8e-2f53-4b35-9a3f-cc6ad3a6a001');
    const refused = save([to('foreign', foreign)], { client: kube, cluster: 'old' });
    await expect(refused).rejects.toMatchObject({ code: 'cluster-foreign' });
    expect(await remains('foreign')).toEqual([]);
  });

  test('companions of the node are sealed beside it and tried; nowhere else are they kept', async () => {
    const root = join(folder, 'node');
    await mkdir(join(root, 'etc/kubernetes/pki'), { recursive: true });
    await mkdir(join(root, 'etc/kubernetes/manifests'), { recursive: true });
    await writeFile(join(root, 'etc/kubernetes/pki/ca.key'), 'a secret of the node');
    await writeFile(join(root, 'etc/kubernetes/manifests/kube-apiserver.yaml'), 'kind: Pod\n');
    const [plain, sealed] = [await open('plain'), await makeSealed(storage('sealed'), secret)];
    const { destinations, warnings } = await save([to('plain', plain), to('sealed', sealed)], {
      companionsRoot: root,
    });
    expect(warnings).toContainEqual(expect.stringContaining('no companions are kept in plain'));
    const [open_, closed] = destinations.map(({ snapshot }) => snapshot!);
    expect(open_!.manifest.companions).toBeNull();
    expect(closed!.manifest.companions).toMatchObject({ distribution: 'kubeadm' });
    expect(closed!.manifest.objects[1]).toMatchObject({ role: 'companions', encoding: 'age' });
    const parts: Uint8Array[] = [];
    for await (const part of (await asReader(sealed, secret)).readCompanions(closed!)!) parts.push(part);
    expect(Buffer.concat(parts).includes('a secret of the node')).toBe(true);
  });

  test.skipIf(noBucket)('a real bucket beside a folder, sealed and not', async () => {
    await using server = await s3Server('minio');
    await server.makeBucket('backups');
    const s3 = (name: string) =>
      openS3(
        {
          bucket: 'backups',
          folder: name,
          endpoint: server.endpoint,
          region: server.region,
          ca: server.ca,
          credentials: { accessKeyId: server.accessKey, secretAccessKey: server.secretKey },
        },
        { random: () => 0.5, variables: {}, warn: () => {} },
      );
    const plain = await open('plain');
    const bucket = await openRepository(await s3('plain'), { create: true });
    const sealed = await makeSealed(await s3('sealed'), secret);
    const report = await save([to('plain', plain), to('bucket', bucket), to('sealed', sealed)]);
    expect(report.destinations.map(({ snapshot }) => snapshot?.state)).toEqual(Array(3).fill('verified'));
    const content = await readFile(report.snapshot.plainFile!);
    expect((await contentOf(bucket, report.snapshot.name)).equals(content)).toBe(true);
    expect((await contentOf(await asReader(sealed, secret), report.snapshot.name)).equals(content)).toBe(
      true,
    );
    expect(await server.uploadsIn('backups')).toEqual([]);
    const alone = await save([to('sealed', sealed)], { name: 'alone' });
    expect(alone.snapshot.state).toBe('verified');
  });
});
