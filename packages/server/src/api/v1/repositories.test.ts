import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openRepository } from '@holdfast/repository';
import { storeSnapshot } from '@holdfast/repository/testing';
import { expect, onTestFinished, test } from 'vitest';
import { makeCatalogue } from '../../catalogue/make-catalogue.ts';
import { fleetOpener } from '../../catalogue/open-fleet.ts';
import { testApi, type TestApi } from '../../testing/api.ts';
import { repositoryHandlers } from './repositories.ts';
import { snapshotHandlers } from './snapshots.ts';

interface World extends TestApi {
  /** A folder that is not there yet. */
  readonly path: string;
}

async function world(): Promise<World> {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-repositories-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const api = await testApi((context) => {
    const open = fleetOpener(context);
    const catalogue = makeCatalogue(context, { open });
    return {
      ...repositoryHandlers({ context, catalogue, open }),
      ...snapshotHandlers({ context, catalogue }),
    };
  });
  onTestFinished(() => api[Symbol.asyncDispose]());
  return { ...api, path: join(folder, 'main') };
}

const url = '/v1/repositories';

test('a repository is opened first: what keeps it is told, and nothing is added', async () => {
  const { ask, path, context } = await world();
  const refused = await ask('POST', url, { spec: { name: 'main', path } });
  expect(refused.json()).toMatchObject({ code: 'repository-missing' });
  expect(await context.store.repositories.all()).toEqual([]);
  const made = await ask('POST', url, { spec: { name: 'main', path }, create: true });
  expect(made.statusCode).toBe(201);
  expect(made.json()).toMatchObject({
    ...{ name: 'main', path, secrets: [] },
    status: { id: expect.any(String), reachable: true, snapshots: 0 },
  });
  expect((await ask('POST', url, { spec: { name: 'main', path } })).json()).toMatchObject({
    code: 'name-taken',
  });
  const { items } = (await ask('GET', url)).json<{ items: unknown[] }>();
  expect(items).toEqual([(await ask('GET', `${url}/main`)).json()]);
});

test('secrets are sealed and never told; a change keeps those that it does not name', async () => {
  const { ask, path, context } = await world();
  const passphrase = 'correct horse battery';
  const spec = { name: 'main', path };
  const made = await ask('POST', url, {
    ...{ spec, create: true },
    secrets: { passphrase, accessKeyId: 'AKIA-ONE' },
  });
  expect(made.json()).toMatchObject({ secrets: ['passphrase', 'accessKeyId'] });
  const stored = (await context.store.repositories.get('main'))!;
  expect(Buffer.from(stored.sealed!).toString('latin1')).not.toContain(passphrase);
  const change = { spec, secrets: { accessKeyId: null, secretAccessKey: 'two' } };
  const put = await ask('PUT', `${url}/main`, change, { 'if-match': String(made.headers['etag']) });
  expect(put.json()).toMatchObject({ version: 2, secrets: ['passphrase', 'secretAccessKey'] });
  expect(made.body + put.body + context.logged()).not.toContain(passphrase);
  expect(
    (await ask('PUT', `${url}/main`, change, { 'if-match': String(made.headers['etag']) })).json(),
  ).toMatchObject({
    code: 'version-conflict',
  });
  const renamed = { spec: { ...spec, name: 'other' } };
  const refused = await ask('PUT', `${url}/main`, renamed, { 'if-match': String(put.headers['etag']) });
  expect(refused.json()).toMatchObject({ errors: [{ pointer: '/body/spec/name' }] });
  const opened = await openRepository(path, {
    create: false,
    keys: { opening: async () => ({ passphrases: [passphrase] }) },
  });
  expect((await opened.ring.opening()).keys).toHaveLength(1);
});

test('one that is used is not forgotten, by cluster or by policy', async () => {
  const { ask, path, cluster } = await world();
  await ask('POST', url, { spec: { name: 'main', path }, create: true });
  const id = await cluster('prod');
  const policy = {
    ...{ name: 'hourly', schedule: { intervalHours: 1 }, retention: { last: 24 } },
    targets: [{ repository: 'main' }],
  };
  expect((await ask('PUT', `/v1/clusters/${id}/policies/hourly`, policy)).statusCode).toBe(200);
  const refused = await ask('DELETE', `${url}/main`);
  expect(refused.statusCode).toBe(409);
  expect(refused.json()).toMatchObject({ code: 'in-use', detail: expect.stringContaining('prod') });
  await ask('DELETE', `/v1/clusters/${id}/policies/hourly`);
  expect((await ask('DELETE', `${url}/main`)).statusCode).toBe(204);
  expect((await ask('DELETE', `${url}/main`)).json()).toMatchObject({ code: 'repository-unknown' });
});

test('a probe tells each step', async () => {
  const { ask, path } = await world();
  await ask('POST', url, { spec: { name: 'main', path }, create: true });
  expect((await ask('POST', `${url}/main/probe`)).json()).toEqual({
    ok: true,
    checks: ['put', 'read', 'list', 'delete'].map((check) => ({ check, ok: true, detail: '' })),
  });
});

test('what a repository holds and the fleet does not know is listed, and adopted by adding a cluster of its name', async () => {
  const { ask, path, cluster } = await world();
  await ask('POST', url, { spec: { name: 'main', path }, create: true });
  const repository = await openRepository(path, { create: false });
  await storeSnapshot(repository, await repository.addCluster('prod'), 'one', Buffer.alloc(4096));
  const unknown = await ask('GET', `${url}/main/unknown-clusters`);
  expect(unknown.json()).toMatchObject({ items: [{ name: 'prod', snapshots: 1 }], next: null });
  const id = await cluster('prod');
  expect((await ask('POST', `/v1/clusters/${id}/rescan`)).json()).toMatchObject({ snapshots: 1, found: 1 });
  const { items } = (await ask('GET', `/v1/clusters/${id}/snapshots`)).json<{ items: { id: string }[] }>();
  expect(items).toMatchObject([{ id: 'main:one', state: 'stored' }]);
  const one = await ask('GET', `/v1/clusters/${id}/snapshots/${encodeURIComponent('main:one')}`);
  expect(one.json()).toEqual(items[0]);
  const none = await ask('GET', `/v1/clusters/${id}/snapshots/main:none`);
  expect([none.statusCode, none.json()]).toMatchObject([404, { code: 'snapshot-unknown' }]);
  expect((await ask('GET', `${url}/main/unknown-clusters`)).json()).toMatchObject({ items: [] });
});
