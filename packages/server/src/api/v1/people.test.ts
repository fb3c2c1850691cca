import { afterEach, beforeEach, expect, test } from 'vitest';
import { startPeopleApp, type PeopleApp } from '../../testing/people-app.ts';

const everywhere = { role: 'admin', cluster: null };
const password = 'correct horse battery';
let server: PeopleApp;
let admin: string;
let adminId: string;

beforeEach(async () => {
  server = await startPeopleApp();
  admin = await server.logIn(server.admin.name, server.admin.password);
  adminId = (await server.call('GET /v1/self', { token: admin })).body.user.id;
});
afterEach(() => server[Symbol.asyncDispose]());

async function addUser(name: string, grants: readonly unknown[] = []) {
  const { body, status } = await server.call('POST /v1/users', {
    token: admin,
    body: { name, password, grants },
  });
  expect(status).toBe(201);
  return body as { readonly id: string; readonly version: number };
}

const put = (id: string, version: number | '*', body: unknown) =>
  server.call(`PUT /v1/users/${id}`, {
    token: admin,
    body,
    headers: { 'if-match': version === '*' ? '*' : `"v${version}"` },
  });

test('users are added, told, listed in pages and removed with their tokens', async () => {
  const { id } = await addUser('ann', [{ role: 'operator', cluster: null }]);
  const told = await server.call(`GET /v1/users/${id}`, { token: admin });
  expect(told).toMatchObject({ status: 200, headers: { etag: '"v1"' } });
  expect(told.body).toEqual({
    id,
    name: 'ann',
    createdAt: '2026-11-22T10:00:00.000Z',
    disabled: false,
    grants: [{ role: 'operator', cluster: null }],
    version: 1,
  });
  const first = await server.call('GET /v1/users?limit=1', { token: admin });
  expect(first.body).toMatchObject({ items: [{ name: 'admin' }], next: 'admin' });
  const second = await server.call('GET /v1/users?limit=1&after=admin', { token: admin });
  expect(second.body).toMatchObject({ items: [{ name: 'ann' }], next: null });
  const ann = await server.logIn('ann', password);
  expect((await server.call(`DELETE /v1/users/${id}`, { token: admin })).status).toBe(204);
  expect((await server.call('GET /v1/self', { token: ann })).status).toBe(401);
  expect((await server.call(`DELETE /v1/users/${id}`, { token: admin })).body.code).toBe('user-unknown');
});

test('a name is taken once, and a grant names a cluster that is there', async () => {
  await addUser('ann');
  const body = { name: 'ann', password, grants: [] };
  expect((await server.call('POST /v1/users', { token: admin, body })).body.code).toBe('name-taken');
  const grants = [{ role: 'viewer', cluster: 'c-zzzzz' }];
  const unknown = { name: 'bob', password, grants };
  expect((await server.call('POST /v1/users', { token: admin, body: unknown })).body.code).toBe(
    'cluster-unknown',
  );
});

test('a change is made to the version that was read, and counts at once', async () => {
  const { id } = await addUser('ann', [everywhere]);
  const ann = await server.logIn('ann', password);
  const body = { disabled: false, grants: [{ role: 'viewer', cluster: null }] };
  expect(await put(id, 1, body)).toMatchObject({ status: 200, headers: { etag: '"v2"' } });
  expect((await put(id, 1, body)).body.code).toBe('version-conflict');
  expect((await server.call('GET /v1/users', { token: ann })).status).toBe(403);
  expect((await server.call(`PUT /v1/users/${id}`, { token: admin, body })).status).toBe(428);
});

test('a user who is disabled is out at once, and cannot log in', async () => {
  const { id } = await addUser('ann');
  const ann = await server.logIn('ann', password);
  await put(id, 1, { disabled: true, grants: [] });
  expect((await server.call('GET /v1/self', { token: ann })).status).toBe(401);
  expect((await server.call('POST /v1/login', { body: { name: 'ann', password } })).status).toBe(401);
  // The login was ended, not only put aside.
  await put(id, 2, { disabled: false, grants: [] });
  expect((await server.call('GET /v1/self', { token: ann })).status).toBe(401);
});

test('a password that an admin sets ends the logins of before', async () => {
  const { id } = await addUser('ann');
  const ann = await server.logIn('ann', password);
  await put(id, '*', { disabled: false, grants: [], password: 'another long password' });
  expect((await server.call('GET /v1/self', { token: ann })).status).toBe(401);
  await server.logIn('ann', 'another long password');
});

test('the last admin can neither be removed, nor disabled, nor made less', async () => {
  await addUser('ann', [{ role: 'restorer', cluster: null }]);
  const refused = [
    await server.call(`DELETE /v1/users/${adminId}`, { token: admin }),
    await put(adminId, 1, { disabled: true, grants: [everywhere] }),
    await put(adminId, 1, { disabled: false, grants: [] }),
    await put(adminId, 1, { disabled: false, grants: [{ role: 'auditor', cluster: null }] }),
  ];
  expect(refused.map(({ body }) => body.code)).toEqual(Array.from({ length: 4 }, () => 'last-admin'));
  expect((await server.call('GET /v1/self', { token: admin })).body.user.version).toBe(1);
  await addUser('bob', [everywhere]);
  expect((await server.call(`DELETE /v1/users/${adminId}`, { token: admin })).status).toBe(204);
});

test('of two admins who remove each other at once one stays', async () => {
  const { id } = await addUser('bob', [everywhere]);
  const bob = await server.logIn('bob', password);
  const done = await Promise.all([
    server.call(`DELETE /v1/users/${id}`, { token: admin }),
    server.call(`DELETE /v1/users/${adminId}`, { token: bob }),
  ]);
  expect(done.filter(({ status }) => status === 204)).toHaveLength(1);
  expect(await server.context.store.users.all()).toHaveLength(1);
});

test('people go to a new server with their passwords; who is there stays, unknown clusters are told', async () => {
  const cluster = await server.context.store.clusters.create({
    id: 'c-old11',
    createdAt: '2026-11-22T10:00:00.000Z',
    spec: { name: 'prod', description: '', distribution: 'etcd', repositories: [], approvals: 0 },
  });
  const gone = await server.context.store.clusters.create({
    id: 'c-old22',
    createdAt: '2026-11-22T10:00:00.000Z',
    spec: { name: 'test', description: '', distribution: 'etcd', repositories: [], approvals: 0 },
  });
  await addUser('ann', [
    { role: 'operator', cluster: cluster!.id },
    { role: 'viewer', cluster: gone!.id },
    { role: 'auditor', cluster: null },
  ]);
  const document = (await server.call('GET /v1/people/export', { token: admin })).body;
  expect(document).toMatchObject({ format: 'holdfast-people', version: 1 });
  await using other = await startPeopleApp();
  await other.context.store.clusters.create({
    id: 'c-new11',
    createdAt: '2026-11-22T10:00:00.000Z',
    spec: { name: 'prod', description: '', distribution: 'etcd', repositories: [], approvals: 0 },
  });
  const token = await other.logIn(other.admin.name, other.admin.password);
  const taken = await other.call('POST /v1/people/import', { token, body: document });
  expect(taken.body).toEqual({ added: ['ann'], kept: ['admin'], unknownClusters: ['test'] });
  const ann = await other.logIn('ann', password);
  expect((await other.call('GET /v1/self', { token: ann })).body.user.grants).toEqual([
    { role: 'operator', cluster: 'c-new11' },
    { role: 'auditor', cluster: null },
  ]);
  const again = await other.call('POST /v1/people/import', { token, body: document });
  expect(again.body).toMatchObject({ added: [], kept: ['admin', 'ann'] });
});

test('what is no export of people is refused, and nothing of it taken over', async () => {
  const { body: document } = await server.call('GET /v1/people/export', { token: admin });
  const user = { ...document.users[0], name: 'mallory' };
  for (const body of [
    {},
    { ...document, version: 2 },
    { ...document, users: [user, { ...user, name: 'eve', password: 'plain' }] },
    { ...document, users: [{ ...user, password: `scrypt$30$8$1$${'A'.repeat(22)}$${'A'.repeat(43)}` }] },
    { ...document, users: [user, user] },
  ]) {
    const refused = await server.call('POST /v1/people/import', { token: admin, body });
    expect(refused.body.code).toBe('import-invalid');
    expect(refused.text).not.toContain('plain');
  }
  expect(await server.context.store.users.all()).toHaveLength(1);
});
