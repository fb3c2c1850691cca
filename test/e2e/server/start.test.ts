import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { get } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@holdfast/base';
import { connectServer, type ServerClient } from '@holdfast/client';
import { makeLog, startServer, type RunningServer, type ServerOptions } from '@holdfast/server';
import { postgresqlOrSkip, startPostgresql } from '@holdfast/test-servers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

interface Started extends AsyncDisposable {
  readonly server: RunningServer;
  readonly dataDir: string;
  readonly logged: () => string;
}

async function start(more: Partial<ServerOptions> & { readonly dataDir: string }): Promise<Started> {
  const lines: string[] = [];
  const server = await startServer({
    ...{ listen: { host: '127.0.0.1', port: 0 }, advertised: [], databaseUrl: null, secretsKeyFile: null },
    ...{ certificate: null, adminPassword: null, metricsOpen: false, standInAfterMs: 60_000 },
    ...{ version: '0.0.0-test', clock: systemClock, variables: {} },
    log: makeLog({ write: (line) => lines.push(line) }, 'debug'),
    ...more,
  });
  return {
    ...{ server, dataDir: more.dataDir, logged: () => lines.join('') },
    [Symbol.asyncDispose]: () => server.stop(),
  };
}

/** Somebody who has logged in as the first admin. */
async function admin({ server }: Started, password: string): Promise<ServerClient> {
  await using nobody = await connectServer({ url: server.url, caSha256: server.caSha256 });
  const { token } = await nobody.call('logIn', { body: { name: 'admin', password } });
  return connectServer({ url: server.url, ca: server.ca, token });
}

const passwordOf = async (dataDir: string): Promise<string> =>
  (await readFile(join(dataDir, 'initial-admin-password'), 'utf8')).trim();

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-e2e-server-'));
});
afterAll(() => rm(folder, { recursive: true }));

describe('a server at its first start', () => {
  let started: Started;
  let client: ServerClient;
  beforeAll(async () => {
    started = await start({ dataDir: join(folder, 'first') });
    client = await admin(started, await passwordOf(started.dataDir));
  });
  afterAll(async () => {
    await client[Symbol.asyncDispose]();
    await started[Symbol.asyncDispose]();
  });
  const ask = (path: string, token?: string): Promise<{ statusCode: number; text: string }> =>
    new Promise((resolve, reject) => {
      const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
      get(`${started.server.url}${path}`, { ca: started.server.ca, headers, agent: false }, (reply) => {
        reply.setEncoding('utf8');
        let text = '';
        reply.on('data', (part: string) => {
          text += part;
        });
        reply.on('end', () => resolve({ statusCode: reply.statusCode ?? 0, text }));
      }).on('error', reject);
    });

  test('makes an admin whose password is in a file of its owner alone, and in no log', async () => {
    const path = join(started.dataDir, 'initial-admin-password');
    expect(started.server.adminPasswordFile).toBe(path);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(started.logged()).not.toContain(await passwordOf(started.dataDir));
    expect((await stat(started.dataDir)).mode & 0o777).toBe(0o700);
    for (const file of ['secrets.key', 'holdfast.db'])
      expect((await stat(join(started.dataDir, file))).mode & 0o777).toBe(0o600);
  });

  test('tells without a token that it lives, that it can be asked, and its CA', async () => {
    expect(await ask('/healthz')).toEqual({ statusCode: 200, text: 'ok\n' });
    expect(await ask('/readyz')).toEqual({ statusCode: 200, text: 'ok\n' });
    expect((await ask('/v1/ca')).text).toBe(started.server.ca);
    expect((await ask('/v1/openapi.json')).statusCode).toBe(200);
  });

  test('tells its metrics to who may see everything', async () => {
    expect((await ask('/metrics')).statusCode).toBe(401);
    const { token } = await client.call('createToken', { body: { description: 'scrape', expiresAt: null } });
    const told = await ask('/metrics', token);
    expect(told.statusCode).toBe(200);
    expect(told.text).toContain('holdfast_server_build_info{version="0.0.0-test"} 1');
  });

  test('is not trusted by another CA, nor by another hash', async () => {
    const { url } = started.server;
    const other = connectServer({ url, caSha256: 'ab'.repeat(32) });
    await expect(other).rejects.toMatchObject({ code: 'server-untrusted' });
    await using strange = await connectServer({ url });
    await expect(strange.call('listClusters')).rejects.toMatchObject({ code: 'server-untrusted' });
  });

  test('answers typed calls: made once by a key, listed by pages, changed by version, told why not', async () => {
    const call = { body: { name: 'prod' }, idempotencyKey: 'once' };
    const made = await client.call('createCluster', call);
    expect(await client.call('createCluster', call)).toEqual(made);
    for (const name of ['a', 'b', 'c']) await client.call('createCluster', { body: { name } });
    const all = await Array.fromAsync(client.pages('listClusters', { query: { limit: 2 } }));
    expect(all.map(({ name }) => name)).toEqual(['a', 'b', 'c', 'prod']);
    const params = { cluster: made.id };
    const { etag } = await client.callWithEtag('getCluster', { params });
    const body = { name: 'prod', description: 'x' };
    await client.call('putCluster', { params, body, ifMatch: etag! });
    await expect(client.call('putCluster', { params, body, ifMatch: etag! })).rejects.toMatchObject({
      ...{ code: 'version-conflict', status: 412 },
    });
    await expect(client.call('getNode', { params: { node: 'n-nobody' } })).rejects.toMatchObject({
      ...{ code: 'node-unknown', details: { node: 'n-nobody' } },
    });
    expect(await client.call('getRunbook', { params })).toContain('# How prod is brought back');
    const audit = await Array.fromAsync(client.lines('exportAudit'));
    expect(audit.map(({ action }) => action)).toContain('putCluster');
  });
});

test('a stop answers who waits, ends streams, and takes less than ten seconds; a new start finds everything', async () => {
  const dataDir = join(folder, 'again');
  const started = await start({ dataDir, adminPassword: 'a password of mine' });
  expect(started.server.adminPasswordFile).toBeNull();
  const client = await admin(started, 'a password of mine');
  const { id: cluster } = await client.call('createCluster', { body: { name: 'prod' } });
  await client.call('createRepository', {
    body: { spec: { name: 'main', path: '/backup', readByServer: false } },
  });
  // There is no node that could do it, so it waits.
  const { id: operation } = await client.call('saveSnapshot', {
    params: { cluster },
    body: { repositories: ['main'] },
  });
  const follower = new AbortController();
  const heard: unknown[] = [];
  const followed = (async () => {
    const params = { operation };
    for await (const event of client.events('followOperation', { params, signal: follower.signal }))
      heard.push(event);
  })();
  const ended = expect(followed).rejects.toThrow('enough');
  await expect.poll(() => heard.length, { timeout: 10_000 }).toBeGreaterThan(0);
  const begun = performance.now();
  await started.server.stop();
  expect(performance.now() - begun).toBeLessThan(5_000);
  follower.abort(new Error('enough'));
  await ended;
  await client[Symbol.asyncDispose]();
  await using again = await start({ dataDir });
  expect(again.server.adminPasswordFile).toBeNull();
  expect(again.server.caSha256).toBe(started.server.caSha256);
  await using later = await admin(again, 'a password of mine');
  expect((await later.call('listClusters')).items).toMatchObject([{ id: cluster }]);
});

describe.skipIf((await postgresqlOrSkip()).skip)('two servers on one PostgreSQL', () => {
  test('have one CA, one admin, and what is done on one is there on the other', async () => {
    await using postgresql = await startPostgresql();
    const databaseUrl = await postgresql.database();
    await using one = await start({ dataDir: join(folder, 'one'), databaseUrl });
    const secretsKeyFile = join(one.dataDir, 'secrets.key');
    await using other = await start({ dataDir: join(folder, 'other'), databaseUrl, secretsKeyFile });
    expect(other.server.adminPasswordFile).toBeNull();
    expect(other.server.caSha256).toBe(one.server.caSha256);
    const password = await passwordOf(one.dataDir);
    await using here = await admin(one, password);
    await using there = await admin(other, password);
    await here.call('createCluster', { body: { name: 'prod' } });
    expect((await there.call('listClusters')).items).toMatchObject([{ name: 'prod' }]);
    expect(one.logged() + other.logged()).not.toContain(postgresql.password);
  });

  test('with another key than the first one does not start', async () => {
    await using postgresql = await startPostgresql();
    const databaseUrl = await postgresql.database();
    await using _one = await start({ dataDir: join(folder, 'first-key'), databaseUrl });
    const another = start({ dataDir: join(folder, 'other-key'), databaseUrl });
    await expect(another).rejects.toMatchObject({ code: 'secret-unreadable' });
  });
});
