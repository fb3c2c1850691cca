import { setTimeout as wait } from 'node:timers/promises';
import { Failure } from '@holdfast/base';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { testApi, type TestApi } from '../testing/api.ts';

let api: TestApi;
beforeEach(async () => {
  api = await testApi();
});
afterEach(() => api[Symbol.asyncDispose]());

const etagOf = (reply: { headers: Record<string, unknown> }): string => String(reply.headers['etag']);

describe('a request', () => {
  test('that names what there is not is a problem with 404', async () => {
    const reply = await api.ask('GET', '/v1/nothing');
    expect(reply.statusCode).toBe(404);
    expect(reply.headers['content-type']).toContain('application/problem+json');
    expect(reply.json()).toMatchObject({ code: 'route-unknown', status: 404 });
  });

  test('with a method that the route does not know is 405 with those that it knows', async () => {
    const reply = await api.ask('DELETE', '/v1/clusters');
    expect(reply.statusCode).toBe(405);
    expect(reply.headers['allow']).toBe('GET, HEAD, POST');
    expect(reply.json()).toMatchObject({ code: 'method-unknown' });
  });

  test.each([
    ['no JSON', '{"name":', 400, 'request-invalid'],
    ['another media type', 'name=x', 415, 'media-type-unknown'],
    ['more than a mebibyte', JSON.stringify({ name: 'x'.repeat(1024 * 1024) }), 413, 'body-too-large'],
    ['nothing', '', 400, 'request-invalid'],
  ])('with %s is refused', async (what, body, status, code) => {
    const headers = { 'content-type': what === 'another media type' ? 'text/plain' : 'application/json' };
    const reply = await api.ask('POST', '/v1/clusters', body, headers);
    expect([reply.statusCode, reply.json<{ code: string }>().code]).toEqual([status, code]);
  });

  test('with unknown fields is told which they are', async () => {
    const reply = await api.ask('POST', '/v1/clusters', { name: 'prod', colour: 'red', approvals: 'two' });
    expect(reply.statusCode).toBe(400);
    const { errors } = reply.json<{ errors: { pointer: string }[] }>();
    expect(errors.map(({ pointer }) => pointer).toSorted()).toEqual(['/body/approvals', '/body/colour']);
  });

  test('with unknown words in the query is refused', async () => {
    const reply = await api.ask('GET', '/v1/clusters?limit=0&color=red');
    expect(reply.statusCode).toBe(400);
    const { errors } = reply.json<{ errors: { pointer: string }[] }>();
    expect(errors.map(({ pointer }) => pointer).toSorted()).toEqual(['/query/color', '/query/limit']);
  });

  test('has an id, which its reply names, and nobody keeps what is told', async () => {
    const { headers } = await api.ask('GET', '/v1/clusters');
    expect(headers['x-request-id']).toMatch(/^[0-9a-f]{16}$/);
    expect(headers['cache-control']).toBe('no-store');
    expect(headers['holdfast-version']).toBe('0.0.0-test');
    expect(headers['x-content-type-options']).toBe('nosniff');
  });

  test('by HEAD is answered as by GET, without the body', async () => {
    const id = await api.cluster('prod');
    const reply = await api.ask('HEAD', `/v1/clusters/${id}`);
    expect([reply.statusCode, etagOf(reply), reply.body]).toEqual([200, '"v1"', '']);
  });
});

test('the description of the API is told without a token', async () => {
  const reply = await api.app.inject({ method: 'GET', url: '/v1/openapi.json' });
  expect(reply.json()).toMatchObject({ openapi: '3.1.1', info: { version: '0.0.0-test' } });
});

describe('a change', () => {
  test('is refused where it does not say of which version, or of one that is not the newest', async () => {
    const id = await api.cluster('prod');
    const spec = { name: 'prod', description: 'of the shop' };
    const put = (headers: Record<string, string>) => api.ask('PUT', `/v1/clusters/${id}`, spec, headers);
    expect((await put({})).statusCode).toBe(428);
    expect((await put({ 'if-match': '"v2"' })).json()).toMatchObject({
      code: 'version-conflict',
      status: 412,
    });
    expect((await put({ 'if-match': 'W/"v1"' })).statusCode).toBe(412);
    expect((await put({ 'if-match': 'v1' })).statusCode).toBe(400);
    const done = await put({ 'if-match': '"v1"' });
    expect([done.statusCode, etagOf(done)]).toEqual([200, '"v2"']);
    expect((await put({ 'if-match': '"v1"' })).statusCode).toBe(412);
    expect((await put({ 'if-match': '*' })).statusCode).toBe(200);
  });

  test('is in the audit log with who, where and what, and with nothing of its body', async () => {
    const id = await api.cluster('prod');
    await api.ask('PUT', `/v1/clusters/${id}`, { name: 'prod', description: 'hunter2' }, { 'if-match': '*' });
    const last = await api.context.store.audit.last();
    expect(last).toMatchObject({
      ...{ action: 'putCluster', outcome: 'allowed', cluster: id, of: id, address: '127.0.0.1' },
      token: expect.stringMatching(/^t-/) as string,
    });
    expect(JSON.stringify(last)).not.toContain('hunter2');
  });

  test('that fails is in the audit log with its code', async () => {
    await api.cluster('prod');
    await api.ask('POST', '/v1/clusters', { name: 'prod' });
    expect(await api.context.store.audit.last()).toMatchObject({
      ...{ action: 'createCluster', outcome: 'failed', details: { code: 'name-taken' } },
    });
  });
});

test('what is refused is in the audit log, and what is only read is not', async () => {
  const id = await api.cluster('prod');
  const authorization = await api.as('viewer');
  await api.ask('DELETE', `/v1/clusters/${id}?confirm=prod`, undefined, { authorization });
  await api.ask('GET', '/v1/clusters');
  expect(await api.context.store.audit.last()).toMatchObject({
    ...{ action: 'deleteCluster', outcome: 'refused', cluster: id, of: id },
    details: { code: 'not-allowed' },
  });
});

const create = (key: string, name = 'prod') =>
  api.ask('POST', '/v1/clusters', { name }, { 'idempotency-key': key });

describe('an Idempotency-Key', () => {
  test('has the same answered again and nothing more done', async () => {
    const [first, again] = [await create('k1'), await create('k1')];
    expect(first.statusCode).toBe(201);
    expect(again.statusCode).toBe(201);
    expect(again.body).toBe(first.body);
    expect(etagOf(again)).toBe('"v1"');
    expect(again.headers['idempotent-replayed']).toBe('true');
    expect((await api.context.store.clusters.all()).length).toBe(1);
  });

  test('is refused for another request, and where it is no word', async () => {
    await create('k1');
    expect((await create('k1', 'other')).json()).toMatchObject({ code: 'key-reused', status: 422 });
    expect((await create('two words')).statusCode).toBe(400);
  });

  test('of a request that failed may be used again', async () => {
    const id = await api.cluster('prod');
    expect((await create('k1')).statusCode).toBe(409);
    await api.ask('DELETE', `/v1/clusters/${id}?confirm=prod`);
    expect((await create('k1')).statusCode).toBe(201);
  });

  test('of a request that is still at work is 409', async () => {
    const going = Promise.withResolvers<void>();
    const held = await testApi({
      createCluster: async () => {
        await going.promise;
        throw new Failure('name-taken', 'so', { name: 'prod' });
      },
    });
    const ask = () => held.ask('POST', '/v1/clusters', { name: 'prod' }, { 'idempotency-key': 'k' });
    const first = ask();
    await expect.poll(async () => (await ask()).statusCode).toBe(409);
    expect((await ask()).json()).toMatchObject({ code: 'request-under-way' });
    // It may take as long as it takes, while its server is there.
    for (let ms = 0; ms < 180_000; ms += 20_000) {
      held.context.clock.advance(20_000);
      await expect.poll(async () => (await ask()).json()).toMatchObject({ code: 'request-under-way' });
    }
    going.resolve();
    await first;
    await held[Symbol.asyncDispose]();
  });
});

describe('a list', () => {
  test('is told in pages, each with where the next one is', async () => {
    for (const name of ['a', 'b', 'c', 'd', 'e']) await api.cluster(name);
    const names: string[] = [];
    let url: string | undefined = '/v1/clusters?limit=2';
    while (url !== undefined) {
      const reply = await api.ask('GET', url);
      const { items, next } = reply.json<{ items: { name: string }[]; next: string | null }>();
      names.push(...items.map(({ name }) => name));
      url = /^<(.*)>; rel="next"$/.exec(String(reply.headers['link']))?.[1];
      expect(url === undefined).toBe(next === null);
    }
    expect(names).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  test('holds only what its caller may see', async () => {
    const [a] = [await api.cluster('a'), await api.cluster('b')];
    const authorization = await api.as('viewer', a);
    const seen = (url: string) => api.ask('GET', url, undefined, { authorization });
    expect((await seen('/v1/clusters')).json()).toMatchObject({ items: [{ name: 'a' }], next: null });
    expect((await seen('/v1/clusters?name=b')).json()).toEqual({ items: [], next: null });
  });
});

describe('a reply', () => {
  test('holds nothing that the route does not declare', async () => {
    const held = await testApi({
      listReceivers: () => ({ items: [{ ...receiver, secret: 'hunter2' }], next: null }),
    });
    const reply = await held.ask('GET', '/v1/receivers');
    expect(reply.json()).toEqual({ items: [receiver], next: null });
    await held[Symbol.asyncDispose]();
  });

  test('to a bug tells nothing but where the log has it', async () => {
    const held = await testApi({
      listReceivers: () => {
        throw new Error('hunter2 is the password');
      },
    });
    const reply = await held.ask('GET', '/v1/receivers');
    expect(reply.statusCode).toBe(500);
    expect(reply.json()).toMatchObject({ code: 'server-failed' });
    expect(reply.body).not.toContain('hunter2');
    expect(reply.body).toContain(String(reply.headers['x-request-id']));
    expect(held.context.logged()).toContain(String(reply.headers['x-request-id']));
    await held[Symbol.asyncDispose]();
  });
});

const event = (n: number) => ({
  ...{ operation: 'op-7f3kq', n, at: '2026-11-22T10:00:00.000Z', type: 'note' as const, data: { n } },
});

const withStream = async (
  events: (after: number | null, signal: AbortSignal) => AsyncIterable<ReturnType<typeof event>>,
) => {
  const held = await testApi({ followOperation: ({ lastEvent, signal }) => events(lastEvent, signal) });
  const cluster = await held.cluster('prod');
  await held.context.store.operations.create({
    ...{ id: 'op-7f3kq', kind: 'save', cluster, state: 'waiting', phase: null, why: '', steps: [] },
    ...{ policy: null, trigger: 'manual', scheduledFor: null, requestedBy: 'ann', approvals: [] },
    ...{ approvalsNeeded: 0, node: null, createdAt: '2026-11-22T10:00:00.000Z', startedAt: null },
    ...{ endedAt: null, input: {}, result: null, failure: null },
  });
  return held;
};

describe('a stream of events', () => {
  const url = '/v1/operations/op-7f3kq/events';

  test('has their numbers as ids, goes on after the last that was heard, and tells its end', async () => {
    const held = await withStream(async function* (after) {
      for (let n = (after ?? -1) + 1; n < 3; n += 1) yield event(n);
    });
    const reply = await held.ask('GET', url, undefined, { 'last-event-id': '0' });
    expect(reply.headers['content-type']).toBe('text/event-stream');
    expect(reply.body.split('\n').filter((line) => /^(id|event)/.test(line))).toEqual([
      ...['id: 1', 'id: 2', 'event: end'],
    ]);
    await held[Symbol.asyncDispose]();
  });

  test('tells a failure in its midst as a problem', async () => {
    const held = await withStream(async function* () {
      yield event(0);
      throw new Failure('store-unreachable', 'it is away');
    });
    const { body } = await held.ask('GET', url);
    expect(body).toContain('event: problem\ndata: {"type":"urn:holdfast:failure:store-unreachable"');
    await held[Symbol.asyncDispose]();
  });

  test('says that it is there while nothing happens, and ends with the server', async () => {
    const held = await withStream(async function* (_after, signal) {
      yield event(0);
      await new Promise((resolve) => {
        signal.addEventListener('abort', resolve, { once: true });
      });
    });
    const asked = held.ask('GET', url);
    const beat = setInterval(() => held.context.clock.advance(15_000), 10);
    await wait(100);
    held.stop.abort();
    const { body } = await asked;
    clearInterval(beat);
    expect(body).toContain(': still here\n\n');
    expect(body).not.toContain('event: end');
    await held[Symbol.asyncDispose]();
  });
});

const receiver = {
  ...{ id: 'r-7f3kq', spec: { kind: 'webhook' as const, name: 'pager' }, hasSecret: true, lastTold: null },
};

test('a request whose body never comes is ended: Node looks for those by both limits, the shorter one first', () => {
  const { headersTimeout, requestTimeout } = api.app.server;
  expect(headersTimeout).toBeLessThan(requestTimeout);
  expect(requestTimeout).toBe(30_000);
});
