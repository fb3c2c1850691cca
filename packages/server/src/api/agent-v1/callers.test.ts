import { once } from 'node:events';
import { request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { makeLimiter } from '../../auth/limiter.ts';
import { issueAgentCertificate } from '../../pki/agent-certificate.ts';
import { serverTls } from '../../pki/server-tls.ts';
import { makeApp } from '../app.ts';
import type { Handlers } from '../handler.ts';
import { mountAgentApi } from './index.ts';
import { newRequest, quietRequest, testFleet, type TestFleet } from './testing/fleet.ts';

let stack: AsyncDisposableStack;
let fleet: TestFleet;
let port: number;

beforeEach(async () => {
  stack = new AsyncDisposableStack();
  fleet = stack.use(await testFleet());
  const { context, authority, replicas } = fleet;
  const { parts } = replicas[0]!;
  const { options } = await serverTls(context, authority, { advertised: [], files: null });
  const limiter = makeLimiter(context.clock);
  const app = await makeApp({
    ...{ context, handlers: {} as Handlers, auditor: parts.auditor, stopping: new AbortController().signal },
    authenticator: { authenticate: () => Promise.reject(new Error('nobody asks')) },
    https: options,
    mounts: [(scope) => mountAgentApi(scope, { ...parts, limiter })],
  });
  stack.defer(() => app.close());
  await app.listen({ host: '127.0.0.1', port: 0 });
  port = (app.server.address() as AddressInfo).port;
});
afterEach(() => stack.disposeAsync());

/** The certificate of the server begins when the clock of the test says so, which openssl does not follow. */
async function ask(
  path: string,
  body: string,
  agent: { readonly cert?: string; readonly key?: string } = {},
) {
  const asked = request({
    ...{ host: '127.0.0.1', port, path: `/agent/v1/${path}`, method: 'POST', agent: false },
    ...{ rejectUnauthorized: false, headers: { 'content-type': 'application/json' } },
    ...agent,
  });
  // Who is refused before everything was sent may see the connection end.
  asked.on('error', () => undefined);
  asked.end(body);
  const [response] = (await once(asked, 'response')) as [
    NodeJS.ReadableStream & { readonly statusCode: number },
  ];
  let text = '';
  for await (const part of response) text += String(part);
  return { status: response.statusCode, body: JSON.parse(text) as Record<string, unknown> };
}

const syncBody = (): string => JSON.stringify(quietRequest(fleet.context.clock.now()));

test('an agent joins with a token, and syncs with the certificate that it was given', async () => {
  const token = await fleet.joinToken(await fleet.cluster('prod'));
  const { key, csr } = await newRequest();
  const { status, body } = await ask('join', JSON.stringify({ token, csr, name: 'etcd-1' }));
  expect(status).toBe(200);
  const synced = await ask('sync', syncBody(), { cert: String(body['certificate']), key });
  expect(synced).toMatchObject({ status: 200, body: { orders: [] } });
});

test('nobody syncs without a certificate, nor with that of a node that was removed', async () => {
  expect(await ask('sync', syncBody())).toMatchObject({ status: 401, body: { code: 'not-authenticated' } });
  const caller = await fleet.node(await fleet.cluster('prod'), 'etcd-1');
  const { key, csr } = await newRequest();
  const { certificate: cert } = await issueAgentCertificate(fleet.context, fleet.authority, csr, caller);
  expect((await ask('sync', syncBody(), { cert, key })).status).toBe(200);
  await fleet.context.store.nodes.remove(caller.node);
  const refused = async (): Promise<unknown> => {
    await fleet.pass(10_000);
    return (await ask('sync', syncBody(), { cert, key })).body['code'];
  };
  await expect.poll(refused, { timeout: 10_000 }).toBe('agent-expelled');
});

test('what somebody unknown sends is not read', async () => {
  const { status } = await ask('sync', '{"this is no JSON');
  expect(status).toBe(401);
});

test('who tries join tokens is slowed down, and so is who shows no certificate', async () => {
  const wrong = JSON.stringify({ token: 'x', csr: 'x', name: 'etcd-1' });
  const joins: number[] = [];
  for (let n = 0; n < 205; n += 1) joins.push((await ask('join', wrong)).status);
  expect(new Set(joins.slice(0, 200))).toEqual(new Set([403]));
  expect(new Set(joins.slice(200))).toEqual(new Set([429]));
  const syncs: number[] = [];
  for (let n = 0; n < 55; n += 1) syncs.push((await ask('sync', '{}')).status);
  expect(new Set(syncs.slice(0, 50))).toEqual(new Set([401]));
  expect(new Set(syncs.slice(50))).toEqual(new Set([429]));
});
