import fc from 'fast-check';
import { routes, type Route, type RouteName } from '@holdfast/model/api';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { OpenStore } from '../../testing/context.ts';
import { wholeApp, type WholeApp } from '../../testing/whole-app.ts';

const writes = Object.entries<Route>(routes).filter(([, { method }]) => method !== 'GET') as [
  RouteName,
  Route,
][];

/** Bodies that are right, to be broken in one place. */
const right: Partial<Record<RouteName, unknown>> = {
  createCluster: {
    name: 'other',
    description: 'x',
    distribution: 'etcd',
    repositories: ['main'],
    approvals: 1,
  },
  putCluster: { name: 'prod', description: 'x', distribution: 'k3s', repositories: [], approvals: 0 },
  putPolicy: {
    ...{ name: 'daily', schedule: { cron: '0 1 * * *', timeZone: 'UTC' }, targets: [{ repository: 'main' }] },
    ...{
      retention: { last: 5, within: '7d', timeZone: 'Europe/Berlin' },
      check: { intervalHours: 24 },
      rpo: '3d',
    },
    ...{
      drill: null,
      pause: { since: '2026-11-22T10:00:00.000Z', until: null, reason: 'x' },
      jitterSeconds: 3,
    },
  },
  pausePolicy: { reason: 'upgrade', for: '36h' },
  planRestore: { repository: 'main', snapshot: 'latest', attest: [{ member: 'm1', reason: 'gone' }] },
  beginRestore: { plan: 'op-7f3kq', hash: 'x', confirm: 'prod' },
  createRepository: { spec: { name: 'r', s3: { bucket: 'b' } }, secrets: { passphrase: 'x' }, create: false },
  createReceiver: { spec: { kind: 'webhook', name: 'x' }, secret: { url: 'https://x' } },
  createUser: { name: 'ann', password: 'a long password', grants: [{ role: 'viewer', cluster: null }] },
  createToken: { description: 'x', expiresAt: null, grants: null },
};

const odd = fc.oneof(
  fc.constantFrom(
    null,
    '',
    '\0',
    -1,
    0,
    1e308,
    2 ** 53,
    0.5,
    [],
    {},
    true,
    '99999999999w',
    '* * * * *',
    '\ud800',
  ),
  fc.jsonValue({ maxDepth: 3 }),
);

/** A value with one place of it replaced, removed, or given another field. */
function broken(value: unknown): fc.Arbitrary<unknown> {
  if (typeof value !== 'object' || value === null) return odd;
  const entries = Object.entries(value);
  const put = (key: string, to: unknown): unknown =>
    Array.isArray(value)
      ? value.map((each: unknown, at) => (String(at) === key ? to : each))
      : { ...value, [key]: to };
  return fc.oneof(
    odd,
    fc.tuple(fc.string(), odd).map(([key, to]) => put(key, to)),
    ...entries.map(([key, inner]) => broken(inner).map((to) => put(key, to))),
    ...entries.map(([key]) => fc.constant(Object.fromEntries(entries.filter(([other]) => other !== key)))),
  );
}

/**
 * Whatever is sent to the whole server is answered, or refused with a reason; nothing makes it fail by a bug.
 *
 * @param name of the store
 */
export function wrongBodiesSuite(name: string, open?: OpenStore): void {
  describe(`on ${name}, whatever is sent,`, () => {
    let api: WholeApp;
    let cluster: string;
    beforeAll(async () => {
      api = await wholeApp(open);
      await api.ask('POST', '/v1/repositories', {
        spec: { name: 'main', path: '/nowhere', readByServer: false },
      });
      const made = await api.ask('POST', '/v1/clusters', { name: 'prod', repositories: ['main'] });
      cluster = made.json<{ id: string }>().id;
    });
    // The one before may have logged out.
    beforeEach(() => api.renew());
    afterAll(() => api[Symbol.asyncDispose]());
    const ask = (method: Route['method'], url: string, body?: unknown) =>
      api.ask(method, url, body, { 'if-match': '*' });

    const pathOf = ({ path }: Route): string =>
      path.replace(':cluster', cluster).replace(':policy', 'daily').replaceAll(/:\w+/g, 'x');

    test.each(writes)('no body makes %s fail by a bug', async (name, route) => {
      const body = name in right ? broken(right[name]) : odd;
      await fc.assert(
        fc.asyncProperty(body, async (sent) => {
          const reply = await ask(route.method, pathOf(route), sent);
          expect(reply.statusCode, reply.body).not.toBe(500);
          if (!name.startsWith('log')) expect([401, 403, 429]).not.toContain(reply.statusCode);
          if (reply.statusCode >= 400) expect(reply.json()).toHaveProperty('code');
        }),
        // A password that is right takes its time.
        { numRuns: name === 'createUser' ? 20 : name in right ? 80 : 15 },
      );
    });

    test('no query and no parameter makes a list fail by a bug', async () => {
      const word = fc.oneof(fc.string(), fc.constantFrom('\0', '%', '-1', '1e9', 'NaN', '"', '[]'));
      await fc.assert(
        fc.asyncProperty(word, word, word, async (limit, after, id) => {
          const query = new URLSearchParams({ limit, after });
          for (const path of [
            '/v1/clusters',
            `/v1/clusters/${encodeURIComponent(id)}/policies`,
            `/v1/clusters/${cluster}/nodes`,
          ]) {
            const reply = await ask('GET', `${path}?${query.toString()}`);
            expect(reply.statusCode, reply.body).not.toBe(500);
          }
          const whole = await ask('GET', `/v1/clusters?after=${encodeURIComponent(after)}`);
          expect(whole.statusCode, whole.body).not.toBe(500);
        }),
        { numRuns: 100 },
      );
    });
  });
}
