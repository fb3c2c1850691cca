import type { Route, RouteName } from '@holdfast/model/api';
import { routes } from '@holdfast/model/api';
import type { Inventory } from '@holdfast/model/fleet';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { snapshot } from '../../store/testing/samples.ts';
import type { OpenStore } from '../../testing/context.ts';
import { inventoryOf } from '../../testing/inventory.ts';
import { wholeApp, type WholeApp } from '../../testing/whole-app.ts';

interface Document {
  readonly components: { readonly schemas: Readonly<Record<string, object>> };
  readonly paths: Readonly<Record<string, Readonly<Record<string, Documented>>>>;
}
interface Documented {
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { readonly schema: object }>> }>
  >;
}

/** The server that is asked, and what it says of itself. */
interface Held {
  readonly api: WholeApp;
  readonly document: Document;
}
type Ask = <Told>(
  route: RouteName,
  params?: Readonly<Record<string, string>>,
  body?: unknown,
  more?: Asked,
) => Promise<Told>;

/**
 * A day of a small fleet: real replies are those that the description of the API tells of, on whichever store.
 *
 * @param name of the store
 */
export function repliesSuite(name: string, open?: OpenStore): void {
  describe(`on ${name}, a reply`, () => {
    let held: Held;
    beforeAll(async () => {
      const api = await wholeApp(open);
      held = { api, document: (await api.app.inject({ url: '/v1/openapi.json' })).json<Document>() };
    });
    afterAll(() => held.api[Symbol.asyncDispose]());
    const ask: Ask = async (...wanted) => asked(held, ...wanted);

    test('has the schema that is told of it, on every route that a day needs', async () =>
      day(held.api, ask));
    test('to a key that was used is the same, and to a version that is old tells so', async () => keys(ask));
    test('that is a stream goes on where it was heard last', async () => stream(held.api, ask));
  });
}

/** Asks, and holds the reply against the schema that the description has of it. */
async function asked<Told>(
  { api, document }: Held,
  route: RouteName,
  params: Readonly<Record<string, string>> = {},
  body?: unknown,
  { status, headers, query = '' }: Asked = {},
): Promise<Told> {
  const { method, path, status: usual, form }: Route = routes[route];
  const url = path.replaceAll(/:(\w+)/g, (_, param: string) => encodeURIComponent(params[param]!));
  const reply = await api.ask(method, `${url}${query}`, body, headers);
  const wanted = status ?? usual;
  expect([route, reply.statusCode, wanted === reply.statusCode ? '' : reply.body]).toEqual([
    ...[route, wanted, ''],
  ]);
  if (reply.body === '' || form === 'text' || form === 'events') return reply.body as Told;
  const documented = document.paths[path.replaceAll(/:(\w+)/g, '{$1}')]![method.toLowerCase()]!;
  const kind = wanted < 400 ? [String(wanted), 'application/json'] : ['default', ''];
  const schema = kind[1] === '' ? problem : documented.responses[kind[0]!]!.content![kind[1]!]!.schema;
  expect(validator(document, schema).safeParse(reply.json()).error, reply.body).toBeUndefined();
  return reply.json<Told>();
}

async function day(api: WholeApp, ask: Ask): Promise<void> {
  await ask(
    'createRepository',
    {},
    {
      ...{ spec: { name: 'main', path: '/nowhere', readByServer: false }, secrets: { passphrase: 'x' } },
      create: false,
    },
  );
  await ask('listRepositories');
  await ask('getRepository', { repository: 'main' });
  const { id: cluster } = await ask<{ id: string }>(
    'createCluster',
    {},
    {
      ...{ name: 'prod', repositories: ['main'] },
    },
  );
  await ask('createCluster', {}, { name: 'prod' }, { status: 409 });
  await ask('createCluster', {}, { name: 7 }, { status: 400 });
  await api.node(cluster, 'n-aaaaa', 'cp-1');
  await ask('listClusters', {}, undefined, { query: '?limit=1' });
  await ask('getCluster', { cluster });
  await ask('getCluster', { cluster: 'c-none0' }, undefined, { status: 404 });
  await ask('getRunbook', { cluster });
  await ask('listNodes', { cluster });
  await ask('getNode', { node: 'n-aaaaa' });
  await ask('putPolicy', { cluster, policy: 'daily' }, dailyPolicy);
  await ask('putPolicy', { cluster, policy: 'daily' }, dailyPolicy, {
    ...{ headers: { 'if-match': '"v9"' }, status: 412 },
  });
  await ask('putPolicy', { cluster, policy: 'daily' }, dailyPolicy, { headers: { 'if-match': '*' } });
  await ask('listPolicies', { cluster });
  await ask('getPolicy', { cluster, policy: 'daily' });
  await ask('pausePolicy', { cluster, policy: 'daily' }, { reason: 'upgrade' });
  await ask('resumePolicy', { cluster, policy: 'daily' });
  const { id: operation } = await ask<{ id: string }>('saveSnapshot', { cluster }, { name: 'one' });
  await ask('runPolicy', { cluster, policy: 'daily' });
  await ask('restartNodes', { cluster }, {}, { status: 409 });
  const kubelet: Inventory = { ...inventoryOf('m1', '10.0.0.1'), nodeParts: ['kubelet.service'] };
  await api.context.store.nodes.setInventory('n-aaaaa', kubelet, 'with-a-kubelet');
  await ask('restartNodes', { cluster }, { nodes: ['n-aaaaa'] });
  await ask('restartNodes', { cluster }, {}, { status: 409 });
  await ask('listOperations');
  await ask('getOperation', { operation });
  await ask('cancelOperation', { operation }, { reason: 'a mistake' });
  const { store } = api.context;
  await store.snapshots.put({ cluster, repository: 'main' }, [{ ...snapshot('one'), cluster }], 'some');
  await ask('listSnapshots', { cluster });
  await ask('getSnapshot', { cluster, snapshot: 'main:one' });
  await ask('verifySnapshot', { cluster, snapshot: 'main:one' });
  await api.node(cluster, 'n-aaaaa', 'cp-1');
  await ask('planRestore', { cluster }, { repository: 'main', snapshot: 'one' });
  await ask('createJoinToken', { cluster }, {});
  await ask('listJoinTokens', { cluster });
  const grants = [{ role: 'viewer', cluster }];
  await ask('createUser', {}, { name: 'ann', password: 'a long password of hers', grants });
  await ask('listUsers');
  await ask('createToken', {}, { description: 'x', expiresAt: null });
  await ask('logIn', {}, { name: 'ann', password: 'not hers' }, { status: 401 });
  await ask('listAudit');
  await ask('listAlerts');
  await ask(
    'createReceiver',
    {},
    {
      ...{ spec: { kind: 'webhook', name: 'pager' }, secret: { url: 'https://pager.example.org' } },
    },
  );
  await ask('listReceivers');
  expect(api.context.logged()).not.toContain('a bug');
}

async function keys(ask: Ask): Promise<void> {
  const keyed = { headers: { 'idempotency-key': 'k1' } };
  const first = await ask<{ id: string }>('createCluster', {}, { name: 'keyed' }, keyed);
  expect(await ask('createCluster', {}, { name: 'keyed' }, keyed)).toEqual(first);
  await ask('createCluster', {}, { name: 'another' }, { ...keyed, status: 422 });
  const params = { cluster: first.id };
  const body = { name: 'keyed', description: 'x' };
  await ask('putCluster', params, body, { headers: { 'if-match': '"v1"' } });
  await ask('putCluster', params, body, { headers: { 'if-match': '"v1"' }, status: 412 });
}

async function stream(api: WholeApp, ask: Ask): Promise<void> {
  const { id: cluster } = await ask<{ id: string }>(
    'createCluster',
    {},
    {
      ...{ name: 'streamed', repositories: ['main'] },
    },
  );
  const { id: operation } = await ask<{ id: string }>('saveSnapshot', { cluster }, {});
  const endedAt = api.context.clock.now().toISOString();
  await api.context.store.operations.change(operation, null, { state: 'cancelled', endedAt }, [
    { type: 'state', at: endedAt, data: { state: 'cancelled', why: '' } },
  ]);
  const all = await ask<string>('followOperation', { operation });
  expect(ids(all)).toEqual(['0', '1']);
  const headers = { 'last-event-id': '0' };
  expect(ids(await ask<string>('followOperation', { operation }, undefined, { headers }))).toEqual(['1']);
}

const ids = (text: string): string[] => [...text.matchAll(/^id: (\d+)$/gm)].map((match) => match[1]!);

interface Asked {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly query?: string;
}

const dailyPolicy = {
  ...{ name: 'daily', schedule: { cron: '0 1 * * *', timeZone: 'UTC' }, targets: [{ repository: 'main' }] },
  retention: { last: 5 },
};
const problem = { $ref: '#/components/schemas/Problem' };

/** What the description says of a reply, as something that checks it. */
function validator({ components }: Document, schema: object): z.ZodType {
  const text = JSON.stringify({ ...schema, $defs: components.schemas });
  return z.fromJSONSchema(
    JSON.parse(text.replaceAll('#/components/schemas/', '#/$defs/')) as Parameters<
      typeof z.fromJSONSchema
    >[0],
  );
}
