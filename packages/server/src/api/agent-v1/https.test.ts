import { request } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { expect, test } from 'vitest';
import { makeAuthenticator } from '../../auth/authenticator.ts';
import { makeLimiter } from '../../auth/limiter.ts';
import { serverTls } from '../../pki/server-tls.ts';
import { makeApp } from '../app.ts';
import type { Handlers } from '../handler.ts';
import { mountAgentApi } from './index.ts';
import { newRequest, quietRequest, testFleet, type TestFleet } from './testing/fleet.ts';

interface Identity {
  readonly key: string;
  readonly certificate: string;
}

/** The server's frame with the agents' API, on a port of loopback with TLS. */
async function serve(fleet: TestFleet): Promise<FastifyInstance> {
  const { context, authority, replicas } = fleet;
  const tls = await serverTls(context, authority, { advertised: [], files: null });
  const limiter = makeLimiter(context.clock);
  const { parts } = replicas[0]!;
  const app = await makeApp({
    ...{ context, handlers: {} as Handlers, auditor: parts.auditor },
    authenticator: makeAuthenticator(context, limiter),
    stopping: new AbortController().signal,
    https: tls.options,
    mounts: [(scope) => mountAgentApi(scope, { ...parts, limiter })],
  });
  await app.listen({ port: 0, host: '127.0.0.1' });
  return app;
}

function ask(app: FastifyInstance, method: string, path: string, body: unknown, own?: Identity) {
  const { port } = app.server.address() as AddressInfo;
  return new Promise<{ status: number; type: string; body: Record<string, unknown> }>((resolve, reject) => {
    const asked = request(
      {
        ...{ host: '127.0.0.1', port, method, path, agent: false, rejectUnauthorized: false },
        ...(own === undefined ? {} : { key: own.key, cert: own.certificate }),
        headers: body === undefined ? {} : { 'content-type': 'application/json' },
      },
      (reply) => {
        let text = '';
        reply.on('data', (part) => (text += String(part)));
        reply.on('end', () =>
          resolve({
            status: reply.statusCode!,
            type: String(reply.headers['content-type']),
            body: JSON.parse(text) as Record<string, unknown>,
          }),
        );
      },
    );
    asked.on('error', reject);
    asked.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

test('an agent joins over HTTPS, and asks by its certificate from then on', async () => {
  await using fleet = await testFleet();
  const app = await serve(fleet);
  const cluster = await fleet.cluster('prod');
  const { key, csr } = await newRequest();
  const token = await fleet.joinToken(cluster);
  const joined = await ask(app, 'POST', '/agent/v1/join', { token, csr, name: 'etcd-1' });
  expect(joined).toMatchObject({ status: 200, body: { cluster, clusterName: 'prod' } });
  const own = { key, certificate: String(joined.body['certificate']) };
  const sync = quietRequest(fleet.context.clock.now());
  expect(await ask(app, 'POST', '/agent/v1/sync', sync, own)).toMatchObject({
    status: 200,
    body: { orders: [] },
  });
  const renewed = await ask(app, 'POST', '/agent/v1/renew', { csr }, own);
  expect(renewed.status).toBe(200);
  expect(await ask(app, 'DELETE', '/agent/v1/calls/o-none1', undefined, own)).toMatchObject({
    status: 409,
    type: expect.stringContaining('application/problem+json') as string,
    body: { code: 'call-refused' },
  });
  expect(await ask(app, 'GET', '/agent/v1/calls/o-none1?waitMs=no', undefined, own)).toMatchObject({
    status: 400,
  });
  expect(await ask(app, 'POST', '/agent/v1/sync', { ...sync, waitMs: -1 }, own)).toMatchObject({
    status: 400,
    body: { errors: [{ pointer: '/body/waitMs' }] },
  });
  await fleet.context.store.nodes.remove(String(joined.body['node']));
  fleet.context.store.bell.ring('node', String(joined.body['node']));
  for (let time = 0; time < 2; time++)
    expect(await ask(app, 'POST', '/agent/v1/sync', sync, own)).toMatchObject({
      status: 403,
      body: { code: 'agent-expelled' },
    });
  const { items } = await fleet.context.store.audit.list({ limit: 20 });
  expect(items.map(({ action, outcome }) => `${action} ${outcome}`)).toEqual([
    'joinAgent allowed',
    'renewAgent allowed',
    'agentCall refused',
    'agentRequest refused',
  ]);
  expect(fleet.context.logged()).not.toContain(token);
  await app.close();
});

test('without a certificate of this fleet there is nothing to be had', async () => {
  await using fleet = await testFleet();
  await using other = await testFleet();
  const app = await serve(fleet);
  const foreign = await serve(other);
  const { key, csr } = await newRequest();
  const token = await other.joinToken(await other.cluster('prod'));
  const { body } = await ask(foreign, 'POST', '/agent/v1/join', { token, csr, name: 'etcd-1' });
  const ofAnother = { key, certificate: String(body['certificate']) };
  const refused = { status: 401, body: { code: 'not-authenticated' } };
  const sync = quietRequest(fleet.context.clock.now());
  for (const own of [undefined, ofAnother]) {
    expect(await ask(app, 'POST', '/agent/v1/sync', sync, own)).toMatchObject(refused);
    expect(await ask(app, 'POST', '/agent/v1/renew', { csr }, own)).toMatchObject(refused);
    expect(await ask(app, 'POST', '/agent/v1/calls', {}, own)).toMatchObject(refused);
    expect(await ask(app, 'GET', '/agent/v1/calls/o-none1', undefined, own)).toMatchObject(refused);
  }
  await Promise.all([app.close(), foreign.close()]);
});

test('a client that goes away while it waits leaves nobody waiting', async () => {
  await using fleet = await testFleet();
  const app = await serve(fleet);
  const { key, csr } = await newRequest();
  const token = await fleet.joinToken(await fleet.cluster('prod'));
  const { body } = await ask(app, 'POST', '/agent/v1/join', { token, csr, name: 'etcd-1' });
  const own = { key, certificate: String(body['certificate']) };
  const sync = quietRequest(fleet.context.clock.now());
  const first = await ask(app, 'POST', '/agent/v1/sync', sync, own);
  const { version } = first.body['assignment'] as { version: string };
  const { port } = app.server.address() as AddressInfo;
  const text = JSON.stringify({ ...sync, assignment: version, waitMs: 30_000 });
  const headers = { 'content-type': 'application/json', 'content-length': String(text.length) };
  const gone = request({
    ...{ host: '127.0.0.1', port, method: 'POST', path: '/agent/v1/sync', agent: false },
    ...{ rejectUnauthorized: false, key: own.key, cert: own.certificate, headers },
  });
  gone.on('error', () => undefined);
  gone.end(text);
  const { ears } = fleet.replicas[0]!.gate;
  await expect.poll(() => ears.waiting).toBe(1);
  gone.destroy();
  await expect.poll(() => ears.waiting).toBe(0);
  await app.close();
});
