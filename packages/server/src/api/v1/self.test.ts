import { afterEach, beforeEach, expect, test } from 'vitest';
import { startPeopleApp, type PeopleApp } from '../../testing/people-app.ts';

const hour = 3_600_000;
let server: PeopleApp;
let admin: string;

beforeEach(async () => {
  server = await startPeopleApp();
  admin = await server.logIn(server.admin.name, server.admin.password);
});
afterEach(() => server[Symbol.asyncDispose]());

const self = (token: string) => server.call('GET /v1/self', { token });
const makeToken = (token: string, body: unknown) => server.call('POST /v1/self/tokens', { token, body });

test('a login lasts twelve hours, and ends at log out', async () => {
  expect((await self(admin)).body).toMatchObject({
    user: { name: 'admin' },
    token: { description: 'login', expiresAt: '2026-11-22T22:00:00.000Z' },
    may: expect.arrayContaining([{ permission: 'admin', cluster: null }]) as unknown,
  });
  const other = await server.logIn(server.admin.name, server.admin.password);
  expect((await server.call('POST /v1/logout', { token: other })).status).toBe(204);
  expect((await self(other)).status).toBe(401);
  server.context.clock.advance(12 * hour - 1);
  expect((await self(admin)).status).toBe(200);
  server.context.clock.advance(1);
  expect((await self(admin)).status).toBe(401);
});

test('a wrong password and an unknown name are answered alike, and waits grow', async () => {
  const tries = async (name: string) =>
    server.call('POST /v1/login', { body: { name, password: 'wrong' }, address: '198.51.100.1' });
  const known = await tries('admin');
  const unknown = await tries('nobody-here');
  expect([known.status, unknown.status]).toEqual([401, 401]);
  const { instance: _, ...told } = known.body;
  const { instance: __, ...alike } = unknown.body;
  expect(told).toEqual(alike);
  for (let n = 0; n < 4; n += 1) await tries('admin');
  const waited = await tries('admin');
  expect(waited).toMatchObject({ status: 429, headers: { 'retry-after': '1' } });
  // From elsewhere the right one is let in.
  await server.logIn(server.admin.name, server.admin.password);
});

test('a new password needs the old one, and ends the other logins but no other tokens', async () => {
  const second = await server.logIn(server.admin.name, server.admin.password);
  const { body: machine } = await makeToken(second, { expiresAt: null });
  const change = (old: string) =>
    server.call('POST /v1/self/password', { token: admin, body: { old, new: 'another long password' } });
  expect((await change('wrong')).body.code).toBe('password-wrong');
  expect((await change(server.admin.password)).status).toBe(204);
  expect((await self(admin)).status).toBe(200);
  expect((await self(second)).status).toBe(401);
  expect((await self(machine.token)).status).toBe(200);
  await server.logIn('admin', 'another long password');
});

test('tokens are told once, listed without their secrets and ended', async () => {
  const { body: made, status } = await makeToken(admin, { description: 'ci', expiresAt: null });
  expect(status).toBe(201);
  expect(made.token).toMatch(/^hf_t-[a-z0-9]{10}_[A-Za-z0-9_-]{43}$/);
  const { body: listed } = await server.call('GET /v1/self/tokens', { token: admin });
  expect(listed.items).toHaveLength(2);
  expect(JSON.stringify(listed)).not.toContain(made.token.slice(-43));
  expect((await server.call(`DELETE /v1/self/tokens/${made.id}`, { token: admin })).status).toBe(204);
  expect((await self(made.token)).status).toBe(401);
  expect((await server.call(`DELETE /v1/self/tokens/${made.id}`, { token: admin })).body.code).toBe(
    'token-unknown',
  );
});

test('nobody ends the tokens of another', async () => {
  const body = { name: 'ann', password: 'correct horse battery', grants: [{ role: 'admin' }] };
  await server.call('POST /v1/users', { token: admin, body });
  const ann = await server.logIn('ann', body.password);
  const { id } = (await self(admin)).body.token;
  expect((await server.call(`DELETE /v1/self/tokens/${id}`, { token: ann })).body.code).toBe('token-unknown');
  expect((await self(admin)).status).toBe(200);
});

test('a narrowed token ends itself and no other', async () => {
  const { body: narrow } = await makeToken(admin, { expiresAt: null, grants: [{ role: 'viewer' }] });
  const { id } = (await self(admin)).body.token;
  const end = async (token: string) =>
    (await server.call(`DELETE /v1/self/tokens/${token}`, { token: narrow.token })).status;
  expect(await end(id)).toBe(403);
  expect((await self(admin)).status).toBe(200);
  expect(await end(narrow.id)).toBe(204);
});

test('a token that ends already is not made', async () => {
  const refused = await makeToken(admin, { expiresAt: '2026-11-22T10:00:00.000Z' });
  expect(refused.body).toMatchObject({ status: 400, errors: [{ pointer: '/body/expiresAt' }] });
});

test('a narrowed token makes no token that allows more or lasts longer', async () => {
  const { body: narrow } = await makeToken(admin, {
    expiresAt: '2026-11-23T10:00:00.000Z',
    grants: [{ role: 'operator' }],
  });
  expect((await server.call('GET /v1/users', { token: narrow.token })).status).toBe(403);
  const { body: all } = await makeToken(narrow.token, { expiresAt: null });
  expect(all).toMatchObject({
    expiresAt: '2026-11-23T10:00:00.000Z',
    grants: [{ role: 'operator', cluster: null }],
  });
  const { body: asked } = await makeToken(narrow.token, {
    expiresAt: '2026-11-22T11:00:00.000Z',
    grants: [{ role: 'admin', cluster: 'c-aaaaa' }],
  });
  expect(asked).toMatchObject({
    expiresAt: '2026-11-22T11:00:00.000Z',
    grants: [{ role: 'operator', cluster: 'c-aaaaa' }],
  });
  expect((await self(asked.token)).body.may).toEqual([
    { permission: 'view', cluster: 'c-aaaaa' },
    { permission: 'save', cluster: 'c-aaaaa' },
  ]);
});
