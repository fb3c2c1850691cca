import { afterEach, beforeEach, expect, test } from 'vitest';
import { redeemJoinToken } from '../../auth/join-token.ts';
import { startPeopleApp, type PeopleApp } from '../../testing/people-app.ts';

let server: PeopleApp;
let admin: string;

beforeEach(async () => {
  server = await startPeopleApp();
  admin = await server.logIn(server.admin.name, server.admin.password);
  for (const id of ['c-aaaaa', 'c-bbbbb'])
    await server.context.store.clusters.create({
      id,
      createdAt: '2026-11-22T10:00:00.000Z',
      spec: { name: id, description: '', distribution: 'etcd', repositories: [], approvals: 0 },
    });
});
afterEach(() => server[Symbol.asyncDispose]());

const at = '/v1/clusters/c-aaaaa/join-tokens';
const make = (body: unknown = {}) => server.call(`POST ${at}`, { token: admin, body });

test('a join token is told once, with the hash of the CA, and lets an agent join its cluster', async () => {
  const { body, status } = await make({ uses: 2 });
  expect(status).toBe(201);
  expect(body).toMatchObject({
    cluster: 'c-aaaaa',
    expiresAt: '2026-11-22T11:00:00.000Z',
    usesLeft: 2,
    createdBy: 'admin',
    caSha256: server.authority.sha256,
  });
  expect(body.token).toMatch(/^hfj_j-[a-z0-9]{10}_[A-Za-z0-9_-]{43}$/);
  expect(await redeemJoinToken(server.context, body.token)).toEqual({ cluster: 'c-aaaaa' });
  const { body: listed } = await server.call(`GET ${at}`, { token: admin });
  expect(listed.items).toMatchObject([{ id: body.id, usesLeft: 1 }]);
  expect(JSON.stringify(listed)).not.toContain(body.token.slice(-43));
});

test('a token that is used up or over is not listed, one that was ended lets nobody in', async () => {
  const once = (await make({ uses: 1 })).body;
  const short = (await make({ lifetimeSeconds: 60 })).body;
  const ended = (await make()).body;
  await redeemJoinToken(server.context, once.token);
  server.context.clock.advance(60_000);
  expect((await server.call(`DELETE ${at}/${ended.id}`, { token: admin })).status).toBe(204);
  expect((await server.call(`GET ${at}`, { token: admin })).body.items).toEqual([]);
  for (const { token } of [once, short, ended])
    await expect(redeemJoinToken(server.context, token)).rejects.toMatchObject({ code: 'join-refused' });
});

test('a token of another cluster is not ended, and a cluster that is not there has none', async () => {
  const { body } = await make();
  const other = await server.call(`DELETE /v1/clusters/c-bbbbb/join-tokens/${body.id}`, { token: admin });
  expect(other.body.code).toBe('token-unknown');
  expect(await redeemJoinToken(server.context, body.token)).toEqual({ cluster: 'c-aaaaa' });
  for (const method of ['GET', 'POST']) {
    const body = method === 'POST' ? {} : undefined;
    const none = await server.call(`${method} /v1/clusters/c-zzzzz/join-tokens`, { token: admin, body });
    expect(none.body.code).toBe('cluster-unknown');
  }
});
