import { AuditEntry } from '@holdfast/model/fleet';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { verifyAudit } from '../../audit/chain.ts';
import { startPeopleApp, type PeopleApp } from '../../testing/people-app.ts';

let server: PeopleApp;
let admin: string;

beforeEach(async () => {
  server = await startPeopleApp();
  admin = await server.logIn(server.admin.name, server.admin.password);
});
afterEach(() => server[Symbol.asyncDispose]());

const addUser = (name: string, role: string) =>
  server.call('POST /v1/users', {
    token: admin,
    body: { name, password: 'correct horse battery', grants: [{ role, cluster: null }] },
  });

test('what was done is listed with who, from where and of what; also what was refused', async () => {
  await addUser('ann', 'viewer');
  const ann = await server.logIn('ann', 'correct horse battery');
  await server.call('POST /v1/users', { token: ann, body: {}, address: '198.51.100.9' });
  await server.call('POST /v1/login', { body: { name: 'my-own-password', password: 'x' } });
  const { body } = await server.call('GET /v1/audit', { token: admin });
  expect(body.items).toMatchObject([
    {
      n: 1,
      by: 'nobody',
      action: 'logIn',
      outcome: 'allowed',
      details: { name: 'admin' },
      address: '192.0.2.1',
    },
    { n: 2, by: 'admin', action: 'createUser', outcome: 'allowed', details: { name: 'ann' } },
    { n: 3, by: 'nobody', action: 'logIn', outcome: 'allowed', details: { name: 'ann' } },
    { n: 4, by: 'ann', action: 'createUser', outcome: 'refused', address: '198.51.100.9' },
    { n: 5, by: 'nobody', action: 'logIn', outcome: 'refused', details: { name: '(unknown)' } },
  ]);
  expect(JSON.stringify(body)).not.toContain('my-own-password');
  const of = await server.call('GET /v1/audit?by=admin&limit=1', { token: admin });
  expect(of.body).toMatchObject({ items: [{ n: 2 }], next: null });
  expect((await server.call('GET /v1/audit', { token: ann })).status).toBe(403);
});

test('the whole log is exported a line each, and fits together', async () => {
  for (let n = 0; n < 1_200; n += 1)
    await server.auditor.note({
      ...{ by: 'server', token: null, address: null, action: 'test', of: null, cluster: null },
      ...{ outcome: 'allowed', details: { n } },
    });
  await addUser('ann', 'auditor');
  const ann = await server.logIn('ann', 'correct horse battery');
  const { text, headers } = await server.call('GET /v1/audit/export', { token: ann });
  expect(headers['content-type']).toContain('application/x-ndjson');
  const entries = text
    .trimEnd()
    .split('\n')
    .map((line) => AuditEntry.parse(JSON.parse(line)));
  expect(entries.length).toBeGreaterThanOrEqual(1_203);
  expect(await verifyAudit(entries)).toBeUndefined();
  expect(await verifyAudit(entries.toSpliced(700, 1))).toMatchObject({ n: 701 });
});
