import { systemClock as clock, type Failure } from '@holdfast/base';
import { postgresqlOrSkip, startPostgresql, type PostgresqlServer } from '@holdfast/test-servers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Store } from '../store.ts';
import { moment, operation, withCluster } from '../testing/samples.ts';
import { storeConformance } from '../testing/store-conformance.ts';
import { openPostgresStore } from './open.ts';

const { skip } = await postgresqlOrSkip();

describe.skipIf(skip)('with a PostgreSQL', () => {
  let server: PostgresqlServer;
  beforeAll(async () => {
    server = await startPostgresql();
  });
  afterAll(async () => server[Symbol.asyncDispose]());

  storeConformance('PostgreSQL', async () => {
    const url = await server.database();
    return {
      replicas: 2,
      open: async () => openPostgresStore({ url, clock }),
      [Symbol.asyncDispose]: async () => {},
    };
  });

  it('replicas that start at once agree on the schema', async () => {
    const url = await server.database();
    const stores = await Promise.all(
      Array.from({ length: 6 }, async () => openPostgresStore({ url, clock })),
    );
    await withCluster(stores[0]!);
    for (const store of stores) {
      expect(await store.clusters.all()).toHaveLength(1);
      await store[Symbol.asyncDispose]();
    }
    expect(await server.ask(url, 'select count(*) from schema_versions where version = 1')).toBe('1');
  });

  it('a bell is heard on other replicas, from within transactions too', async () => {
    const url = await server.database();
    await using here = await openPostgresStore({ url, clock });
    await using there = await openPostgresStore({ url, clock });
    const heard = heardBy(there, 3);
    here.bell.ring('cluster', 'c-aaaaa');
    here.bell.ring('node', 'n-aaaaa');
    await withCluster(here);
    await here.transaction(async ({ operations }) => operations.create(operation('op-aaaaa')));
    expect((await heard).toSorted()).toEqual(['cluster c-aaaaa', 'node n-aaaaa', 'operation op-aaaaa']);
  });

  it('a server that goes away is told as such, and all goes on when it is back', async () => {
    await using own = await startPostgresql();
    const url = await own.database();
    await using here = await openPostgresStore({ url, clock });
    await using there = await openPostgresStore({ url, clock });
    await withCluster(here);
    await own.stop();
    for (const asked of [here.ping(), here.clusters.all(), here.transaction(async (t) => t.clusters.all())])
      await expect(asked).rejects.toMatchObject({ code: 'store-unreachable' });
    const opened = openPostgresStore({ url, clock });
    await expect(opened).rejects.toMatchObject({ code: 'store-unreachable' });
    here.bell.ring('node', 'n-lost0');
    await own.start();
    expect(await here.clusters.all()).toHaveLength(1);
    const heard = heardBy(there, 1);
    const stop = new AbortController();
    const ringing = (async () => {
      while (!stop.signal.aborted) {
        here.bell.ring('node', 'n-aaaaa');
        await clock.sleep(50, stop.signal).catch(() => {});
      }
    })();
    expect(await heard).toEqual(['node n-aaaaa']);
    stop.abort();
    await ringing;
  });

  it('a database of a newer Holdfast is left alone', async () => {
    const url = await server.database();
    await (await openPostgresStore({ url, clock }))[Symbol.asyncDispose]();
    await server.ask(url, "insert into schema_versions (version, applied_at) values (999, 'later')");
    await expect(openPostgresStore({ url, clock })).rejects.toMatchObject({ code: 'store-newer' });
  });

  it.each([
    ['a wrong password', (url: URL) => (url.password = 'wrong-secret')],
    ['an unknown user', (url: URL) => (url.username = 'nobody')],
    ['an unknown database', (url: URL) => (url.pathname = '/none')],
    ['a port where nobody listens', (url: URL) => (url.port = '1')],
    ['no URL of a PostgreSQL', (url: URL) => (url.href = `https://u:${url.password}@h`)],
    ['a server without TLS that is to have it', (url: URL) => (url.search = '?sslmode=verify-full')],
  ])('%s: the store is not reachable, and the password is told nowhere', async (_, change) => {
    const url = new URL(await server.database());
    change(url);
    const failure = await openPostgresStore({ url: url.href, clock }).then(
      () => undefined,
      (error: unknown) => error as Failure,
    );
    expect(failure).toMatchObject({ code: 'store-unreachable' });
    const told = JSON.stringify([failure, failure?.why, failure?.stack, String(failure?.cause)]);
    expect(told).not.toContain(url.password);
    expect(told).not.toContain(server.password);
  });

  it('what came into the way of another is done again, whoever else is at work', async () => {
    const url = await server.database();
    await using here = await openPostgresStore({ url, clock });
    await using there = await openPostgresStore({ url, clock });
    const id = await withCluster(here);
    const add = async (store: Store): Promise<void> =>
      store.transaction(async ({ clusters }) => {
        const found = await clusters.get(id);
        const description = String(Number(found!.spec.description) + 1);
        await clusters.put(id, found!.version, { ...found!.spec, description }, moment(1));
      });
    await Promise.all(Array.from({ length: 40 }, async (_, n) => add(n % 2 === 0 ? here : there)));
    expect(await here.clusters.get(id)).toMatchObject({ version: 41, spec: { description: '40' } });
  });
});

async function heardBy(store: Store, count: number): Promise<string[]> {
  const heard: string[] = [];
  return new Promise((resolve) => {
    for (const topic of ['cluster', 'node', 'order', 'operation'] as const)
      store.bell.on(topic, (id) => {
        if (heard.push(`${topic} ${id}`) === count) resolve(heard);
      });
  });
}
