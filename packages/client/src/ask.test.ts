import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { systemClock, type Clock } from '@holdfast/base';
import { afterEach, describe, expect, test } from 'vitest';
import { connectServer, type ServerClient } from './server.ts';

/** Waits for nothing, so that tries follow each other at once. */
const hasty: Clock = { ...systemClock, sleep: async (_ms, signal) => signal?.throwIfAborted() };

type Answer = (request: IncomingMessage, reply: ServerResponse) => void;
const open: (() => void)[] = [];
afterEach(() => {
  for (const close of open.splice(0)) close();
});

/** A server that gives these answers, one after the other, the last one again and again: what goes wrong on a network. */
async function answering(...answers: Answer[]): Promise<{ client: ServerClient; asked: IncomingMessage[] }> {
  const asked: IncomingMessage[] = [];
  const server = createServer((request, reply) => {
    request.resume();
    answers[Math.min(asked.push(request), answers.length) - 1]!(request, reply);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  const client = await connectServer({ url: `http://127.0.0.1:${port}`, token: () => 'hf_x', clock: hasty });
  open.push(() => {
    server.closeAllConnections();
    server.close();
    void client[Symbol.asyncDispose]();
  });
  return { client, asked };
}

const json =
  (status: number, body: unknown, headers: Record<string, string> = {}): Answer =>
  (_request, reply) =>
    void reply
      .writeHead(status, { 'content-type': 'application/json', ...headers })
      .end(JSON.stringify(body));
const broken: Answer = (_request, reply) => void reply.destroy();
const busy = json(503, {
  ...{ type: 'x', title: 'the server is being stopped', status: 503, detail: 'x' },
  ...{ code: 'server-stopping', next: 'x' },
});
const page = (items: unknown[], next: string | null) => json(200, { items, next });
const token = (id: string) => ({
  ...{ id, user: 'u-7f3kq', description: '', createdAt: '2026-11-22T10:00:00.000Z', expiresAt: null },
  ...{ lastUsedAt: null, grants: null },
});

describe('a call', () => {
  test('that only reads is asked again where nobody answers, or the server is just ending', async () => {
    const { client, asked } = await answering(broken, busy, page([], null));
    expect(await client.call('listClusters')).toEqual({ items: [], next: null });
    expect(asked.map(({ headers }) => headers.authorization)).toEqual(Array(3).fill('Bearer hf_x'));
  });

  test('that changes something is asked once, and again with a key', async () => {
    const once = await answering(broken);
    await expect(once.client.call('logOut')).rejects.toMatchObject({ code: 'server-unreachable' });
    expect(once.asked).toHaveLength(1);
    const keyed = await answering(broken, busy);
    const spec = { body: { name: 'prod' }, idempotencyKey: 'k1' };
    await expect(keyed.client.call('createCluster', spec)).rejects.toMatchObject({ code: 'server-stopping' });
    expect(keyed.asked.map(({ headers }) => headers['idempotency-key'])).toEqual(Array(5).fill('k1'));
  });

  test('has its parameters in the address, whatever is in them', async () => {
    const { client, asked } = await answering(busy);
    const params = { cluster: 'c-7f3kq', snapshot: 'main:a/b?c' };
    const signal = AbortSignal.timeout(5_000);
    await expect(client.call('getSnapshot', { params, signal })).rejects.toMatchObject({ status: 503 });
    expect(asked[0]!.url).toBe('/v1/clusters/c-7f3kq/snapshots/main%3Aa%2Fb%3Fc');
  });

  test('ends with its signal', async () => {
    const { client } = await answering(() => {});
    const stop = new AbortController();
    const asked = client.call('listClusters', { signal: stop.signal });
    stop.abort(new Error('enough'));
    await expect(asked).rejects.toThrow('enough');
  });
});

test('pages are asked for until the last', async () => {
  const { client, asked } = await answering(page([token('t-aaaaa')], 'one'), page([token('t-bbbbb')], null));
  const all = await Array.fromAsync(client.pages('listTokens', { query: { limit: 1 } }));
  expect(all.map(({ id }) => id)).toEqual(['t-aaaaa', 't-bbbbb']);
  expect(asked.map(({ url }) => url)).toEqual([
    '/v1/self/tokens?limit=1',
    '/v1/self/tokens?limit=1&after=one',
  ]);
});

const event = (n: number) =>
  `id: ${n}\ndata: ${JSON.stringify({ operation: 'op-7f3kq', n, at: '2026-11-22T10:00:00.000Z', type: 'note', data: {} })}\n\n`;
const stream =
  (text: string, end: (reply: ServerResponse) => void): Answer =>
  (_request, reply) => {
    reply.writeHead(200, { 'content-type': 'text/event-stream' }).write(text, () => end(reply));
  };

test('events go on after the last one where the stream breaks off', async () => {
  const { client, asked } = await answering(
    stream(`${event(0)}${event(1)}id: 2\ndata: {"cut`, (reply) => reply.destroy()),
    busy,
    stream(event(2), (reply) => reply.end()),
    stream(`${event(3)}event: end\ndata: {}\n\n`, (reply) => reply.end()),
  );
  const followed = client.events('followOperation', { params: { operation: 'op-7f3kq' } });
  expect((await Array.fromAsync(followed)).map(({ n }) => n)).toEqual([0, 1, 2, 3]);
  expect(asked.map(({ headers }) => headers['last-event-id'])).toEqual([undefined, '1', '1', '2']);
});
