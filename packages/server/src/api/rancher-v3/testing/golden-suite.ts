import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import type { OpenStore } from '../../../testing/context.ts';
import { bucketSecret, rancherWorld, type RancherWorld, type Somebody } from './rancher-world.ts';

/** A request as Rancher's clients send it, and the reply that they read. */
interface Golden {
  readonly request: {
    /** As `GET /v3/clusters`. */
    readonly line: string;
    readonly as: Somebody;
    readonly headers?: Readonly<Record<string, string>>;
    readonly body?: unknown;
  };
  readonly reply: {
    readonly status: number;
    readonly headers?: Readonly<Record<string, string>>;
    readonly body: unknown;
  };
}

const folder = join(import.meta.dirname, '../golden');
const files = readdirSync(folder).toSorted();

/**
 * Rancher's API as its clients know it, on whichever store.
 *
 * @param name of the store
 */
export function goldenSuite(name: string, open?: OpenStore): void {
  describe(`on ${name}, Rancher's API`, () => {
    let world: RancherWorld | undefined;
    const end = async (): Promise<void> => {
      await world?.[Symbol.asyncDispose]();
      world = undefined;
    };
    beforeEach(async () => {
      world ??= await rancherWorld(open);
    });
    afterAll(end);

    test.each(files)('answers as Rancher does, field by field: %s', async (file) => {
      // What was changed is not there for the next one.
      if (await isGolden(world!, file)) await end();
    });

    test('never fails by a bug, whatever it is asked', async () => {
      await askAnything(world!);
      await end();
    });

    test('says when to come again to who asks too often', async () => {
      const { app, as } = world!;
      const asked = async () => app.inject({ url: '/v3', headers: { authorization: as.viewer } });
      let reply = await asked();
      for (let n = 0; n < 250 && reply.statusCode === 200; n += 1) reply = await asked();
      expect(reply.json()).toMatchObject({ type: 'error', status: 429, code: 'TooManyRequests' });
      expect(Number(reply.headers['retry-after'])).toBeGreaterThan(0);
      await end();
    });

    test('takes a token by Basic too, and tells nobody of what they may not see', async () => {
      const { app, as } = world!;
      const basic = `Basic ${Buffer.from(as.viewer.replace('Bearer ', '')).toString('base64')}`;
      const reply = await app.inject({ url: '/v3/clusters', headers: { authorization: basic } });
      expect(reply.json()).toMatchObject({ data: [{ name: 'prod' }] });
      // The filters are told again: not with the id of a cluster that was only guessed.
      const guessed = '/v3/etcdBackups?clusterName=empty';
      const told = await app.inject({ url: guessed, headers: { authorization: as.viewer } });
      expect(told.body).not.toContain('c-4wq7z');
    });

    test('puts who did what into the audit log', async () => {
      const { ask, context } = world!;
      await ask('POST', '/v3/clusters/prod?action=backupEtcd');
      expect(await context.store.audit.last()).toMatchObject({
        ...{ action: 'rancher backupEtcd', outcome: 'allowed', cluster: 'c-2p9dm' },
        of: expect.stringMatching(/^op-/) as string,
      });
      await end();
    });
  });
}

/** @returns whether the request has changed something */
async function isGolden(world: RancherWorld, file: string): Promise<boolean> {
  const { request, reply } = JSON.parse(readFileSync(join(folder, file), 'utf8')) as Golden;
  const { as, app, node } = world;
  await node('c-2p9dm', 'n-aaaaa', 'cp-1');
  const [method, url] = request.line.split(' ') as ['GET', string];
  const authorization = as[request.as];
  const { body } = request;
  const told = await app.inject({
    ...{ method, url },
    headers: {
      ...(authorization === '' ? {} : { authorization }),
      ...{ host: 'rancher.example.org', ...request.headers },
    },
    ...(body === undefined ? {} : { payload: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const hasChanged = method !== 'GET' && told.statusCode < 300;
  expect(told.body).not.toContain(bucketSecret);
  const { headers } = reply;
  expect({
    status: told.statusCode,
    ...(headers !== undefined && {
      headers: Object.fromEntries(Object.keys(headers).map((each) => [each, told.headers[each]])),
    }),
    body: JSON.parse(steady(told.body)) as unknown,
  }).toEqual(reply);
  return hasChanged;
}

async function askAnything(world: RancherWorld): Promise<void> {
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom('\0', 'prod', 'c-2p9dm:before-upgrade'),
  );
  const value = fc.oneof(text, fc.jsonValue({ maxDepth: 3 }));
  const fields = ['clusterId', 'clusterName', 'filename', 'spec', 'etcdBackupId', 'etcdBackupName'];
  const body = fc.oneof(
    fc.json(),
    fc.string(),
    fc.constant('['.repeat(50_000)),
    fc
      .dictionary(fc.constantFrom(...fields, 'restoreRkeConfig', '__proto__'), value)
      .map((each) => JSON.stringify(each)),
  );
  const query = fc.array(
    fc.tuple(fc.constantFrom('clusterId', 'action', 'limit', 'marker', 'sort', 'name_in'), text),
  );
  const path = fc.oneof(
    fc.constantFrom('', '/', '/clusters', '/clusters/prod', '/etcdBackups', '/clusters/prod/etcdbackups'),
    text.map((each) => `/etcdBackups/${encodeURIComponent(each.toWellFormed())}`),
    text.map((each) => `/clusters/${encodeURIComponent(each.toWellFormed())}`),
  );
  const action = fc.constantFrom('', 'action=backupEtcd', 'action=restoreFromEtcdBackup');
  const method = fc.constantFrom('GET', 'POST', 'PUT', 'PATCH', 'DELETE');
  const host = fc.constantFrom('host', 'host:1', '[::1]:1', 'a b', '', '%', 'x/y', '<x>');
  await fc.assert(
    fc.asyncProperty(
      method,
      path,
      action,
      query,
      body,
      host,
      async (...[how, where, act, pairs, sent, at]) => {
        const words = [act, new URLSearchParams(pairs).toString()].filter((each) => each !== '').join('&');
        const asked = world.ask(how, `/v3${where}${words === '' ? '' : `?${words}`}`, sent, {
          host: at,
        });
        const reply = await asked;
        expect(reply.statusCode, reply.body).toBeLessThan(500);
        const told = reply.json<Record<string, unknown>>();
        if (reply.statusCode >= 400) expect(String(told['message'] ?? told['title'])).not.toBe('');
        expect(reply.body).not.toContain(bucketSecret);
      },
    ),
    { numRuns: 150 },
  );
}

/** What is drawn or made up anew each time, as stars: letters of names, ids of operations, UUIDs, the time of a request. */
function steady(text: string): string {
  return text
    .replaceAll(/-ms-(?!8b2cx|fa1ld|wa1ts)[a-z0-9]{5}/g, '-ms-*****')
    .replaceAll(/"op-(?!faaaa|wbbbb)[a-z0-9]+"/g, '"op-*"')
    .replaceAll(/[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}/g, 'UUID');
}
