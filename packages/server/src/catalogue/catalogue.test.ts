import { mkdtempSync, rmSync, writeFileSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deleteSnapshot } from '@holdfast/engine';
import type { FleetSnapshot, RepositorySpec } from '@holdfast/model/fleet';
import { openRepository, type Repository } from '@holdfast/repository';
import { evidenceOf, storeSnapshot } from '@holdfast/repository/testing';
import { expect, onTestFinished, test } from 'vitest';
import { testContext, type TestContext } from '../testing/context.ts';
import { makeCatalogue, type RunningCatalogue } from './make-catalogue.ts';
import { fleetOpener } from './open-fleet.ts';

const { signal } = new AbortController();
const content = Buffer.alloc(4096, 'x');

interface World {
  readonly context: TestContext;
  readonly catalogue: RunningCatalogue;
  /** Adds a repository in a folder of its own, as the server knows it. */
  readonly repository: (name: string, spec?: Partial<RepositorySpec>) => Promise<Repository>;
  readonly cluster: (id: string, name: string, repositories?: readonly string[]) => Promise<void>;
  readonly listed: (cluster: string) => Promise<readonly FleetSnapshot[]>;
}

async function world(): Promise<World> {
  const context = await testContext();
  onTestFinished(() => context[Symbol.asyncDispose]());
  const { store, clock } = context;
  const base = mkdtempSync(join(tmpdir(), 'holdfast-catalogue-'));
  onTestFinished(() => rmSync(base, { recursive: true }));
  return {
    context,
    catalogue: makeCatalogue(context, { open: fleetOpener(context) }),
    async repository(name, spec = {}) {
      const path = join(base, name);
      const createdAt = clock.now().toISOString();
      await store.repositories.create({
        ...{ name, secretNames: [], sealed: null, createdAt },
        spec: { name, path, readByServer: true, ...spec },
      });
      return await openRepository(path, { create: true });
    },
    async cluster(id, name, repositories = []) {
      await store.clusters.create({
        id,
        spec: {
          ...{ name, description: '', distribution: 'etcd', approvals: 0 },
          repositories: [...repositories],
        },
        createdAt: clock.now().toISOString(),
      });
    },
    listed: async (cluster) => (await store.snapshots.list({ cluster, limit: 100 })).items,
  };
}

async function save(repository: Repository, cluster: string, name: string, day: number): Promise<void> {
  const of =
    (await repository.clusters()).find((each) => each.name === cluster) ??
    (await repository.addCluster(cluster));
  const at = `2026-11-${String(day).padStart(2, '0')}T12:00:00.000Z`;
  await storeSnapshot(repository, of, name, content, {
    times: { startedAt: at, finishedAt: at },
    policy: 'p',
  });
  await repository.addEvidence({ name, cluster: of }, evidenceOf(name, at, 'passed'));
}

test('after the loss of the database: what repositories hold is unknown until clusters of those names are added', async () => {
  const { context, catalogue, repository, cluster, listed } = await world();
  const main = await repository('main');
  await save(main, 'prod', 'one', 20);
  await save(main, 'prod', 'two', 21);
  await save(main, 'prod-2', 'one', 20);
  await catalogue.scanRepository('main', signal);
  expect(await catalogue.unknown('main', signal)).toEqual([
    { name: 'prod', id: expect.any(String), snapshots: 2 },
    { name: 'prod-2', id: expect.any(String), snapshots: 1 },
  ]);
  await cluster('c-11111', 'prod');
  expect(await catalogue.scan('c-11111', signal)).toEqual({
    ...{ snapshots: 2, found: 2, missing: 0, unreachable: [] },
  });
  expect(await listed('c-11111')).toMatchObject([
    { id: 'main:two', state: 'verified', policy: 'p', trusted: true, degraded: false, sealed: false },
    { id: 'main:one', finishedAt: '2026-11-20T12:00:00.000Z', size: 4096, missing: false },
  ]);
  expect(await catalogue.unknown('main', signal)).toMatchObject([{ name: 'prod-2' }]);
  expect(await context.store.repositories.get('main')).toMatchObject({
    ...{ repositoryId: main.record.id, reachable: true, why: '' },
    scannedAt: context.clock.now().toISOString(),
  });
});

test('one look through a repository brings every cluster in it up to date', async () => {
  const { catalogue, repository, cluster, listed } = await world();
  const shared = await repository('shared');
  const names = Array.from({ length: 30 }, (_, at) => `cluster-${at}`);
  for (const [at, name] of names.entries()) {
    await cluster(`c-${10_000 + at}`, name, ['shared']);
    await save(shared, name, 'one', 20);
  }
  await catalogue.scanRepository('shared', signal);
  for (const at of names.keys()) expect(await listed(`c-${10_000 + at}`)).toHaveLength(1);
});

test('what is gone is missing, what cannot be read any more is damaged, and what is back is there again', async () => {
  const { context, catalogue, repository, cluster, listed } = await world();
  const main = await repository('main');
  await cluster('c-11111', 'prod', ['main']);
  for (const [at, name] of ['one', 'two'].entries()) await save(main, 'prod', name, 20 + at);
  await catalogue.scan('c-11111', signal);
  const { snapshots } = await main.snapshots();
  const folder = join(snapshots[0]!.path, '..');
  const manifest = readdirSync(folder).find((each) => each.startsWith('manifest'))!;
  writeFileSync(join(folder, manifest), 'torn');
  const { clock, holdfast } = context;
  await deleteSnapshot({ clock, holdfast, signal }, main, { name: 'two', forceLast: true });
  await catalogue.scanRepository('main', signal);
  expect(await listed('c-11111')).toMatchObject([
    { name: 'two', missing: true },
    { name: 'one', missing: false, state: 'damaged' },
  ]);
  expect((await context.store.repositories.get('main'))?.why).toContain('cannot be read');
  await save(main, 'prod', 'two', 21);
  expect(await catalogue.scan('c-11111', signal)).toMatchObject({ snapshots: 2, missing: 0 });
  expect(await listed('c-11111')).toMatchObject([{ name: 'two', missing: false }, {}]);
});

test('a repository that cannot be read is told of, and what is known of it stays', async () => {
  const { context, catalogue, repository, cluster, listed } = await world();
  await cluster('c-11111', 'prod', ['main', 'other']);
  await save(await repository('main'), 'prod', 'one', 20);
  await save(await repository('other'), 'prod', 'one', 20);
  await catalogue.scan('c-11111', signal);
  const { spec } = (await context.store.repositories.get('main'))!;
  rmSync(spec.path!, { recursive: true });
  expect(await catalogue.scan('c-11111', signal)).toMatchObject({
    snapshots: 1,
    unreachable: [{ repository: 'main', why: expect.stringContaining('nothing is there') }],
  });
  expect((await listed('c-11111')).map(({ missing }) => missing)).toEqual([false, false]);
  expect(await context.store.repositories.get('main')).toMatchObject({ reachable: false });
  await expect(catalogue.scanRepository('main', signal)).rejects.toMatchObject({
    code: 'repository-missing',
  });
});

test('a look at one snapshot knows of its drill, which repositories do not hold, and later looks keep that', async () => {
  const { catalogue, repository, cluster, listed } = await world();
  await cluster('c-11111', 'prod', ['main']);
  const main = await repository('main');
  await save(main, 'prod', 'one', 20);
  const drilledAt = '2026-11-22T09:00:00.000Z';
  expect(await catalogue.refresh('c-11111', 'main', 'one', signal, drilledAt)).toMatchObject({ drilledAt });
  await catalogue.scanRepository('main', signal);
  expect(await listed('c-11111')).toMatchObject([{ drilledAt }]);
  expect(await catalogue.refresh('c-11111', 'main', 'one', signal)).toMatchObject({ drilledAt });
  expect(await catalogue.refresh('c-11111', 'main', 'none', signal)).toBeUndefined();
  await expect(catalogue.refresh('c-11111', 'nowhere', 'one', signal)).rejects.toMatchObject({
    code: 'repository-unknown',
  });
});

test('a cluster that names its repositories has nothing in others, and another cluster of that name there is not it', async () => {
  const { catalogue, repository, cluster, listed } = await world();
  await cluster('c-11111', 'prod', ['mine']);
  await save(await repository('mine'), 'prod', 'one', 20);
  await save(await repository('theirs'), 'prod', 'two', 21);
  await catalogue.scan('c-11111', signal);
  await catalogue.scanRepository('theirs', signal);
  expect((await listed('c-11111')).map(({ id }) => id)).toEqual(['mine:one']);
});

test('repositories are looked through by themselves, one that fails not oftener, and a new cluster at once', async () => {
  const { context, catalogue, repository, cluster, listed } = await world();
  const main = await repository('main');
  await save(main, 'prod', 'one', 20);
  await repository('gone', { path: '/nowhere/at/all' });
  const stop = new AbortController();
  const running = catalogue.run(stop.signal);
  const until = async (seen: () => Promise<boolean>): Promise<void> => {
    await expect
      .poll(
        async () => {
          context.clock.advance(15_000);
          return await seen();
        },
        { timeout: 30_000, interval: 10 },
      )
      .toBe(true);
  };
  const scannedAt = async (): Promise<string | null | undefined> =>
    (await context.store.repositories.get('main'))?.scannedAt;
  await until(async () => (await scannedAt()) !== null);
  const first = await scannedAt();
  await cluster('c-11111', 'prod');
  context.store.bell.ring('cluster', 'c-11111');
  await until(async () => (await listed('c-11111')).length === 1);
  await until(async () => (await scannedAt()) !== first);
  expect(Date.parse((await scannedAt())!) - Date.parse(first!)).toBeGreaterThan(12 * 60_000);
  const failures = context.logged().split('looking through gone failed').length - 1;
  expect(failures).toBeLessThanOrEqual(2);
  stop.abort();
  await running;
});
