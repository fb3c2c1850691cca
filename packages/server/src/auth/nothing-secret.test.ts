import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { webcrypto } from 'node:crypto';
import { expect, test } from 'vitest';
import { startPeopleApp } from '../testing/people-app.ts';
import { redeemJoinToken } from './join-token.ts';

test('no password, token or key is in a log, a reply but the one that tells it, the audit log or the store', async () => {
  await using server = await startPeopleApp();
  const { context, call } = server;
  const passwords = ['a password of ann', 'another of ann', 'wrong-password-of-ann'];
  const admin = await server.logIn(server.admin.name, server.admin.password);
  const auditAndReplies = () => server.answered();
  const user = { name: 'ann', password: passwords[0], grants: [{ role: 'admin', cluster: null }] };
  await call('POST /v1/users', { token: admin, body: user, headers: { 'idempotency-key': 'k1' } });
  await call('POST /v1/users', { token: admin, body: user, headers: { 'idempotency-key': 'k1' } });
  await call('POST /v1/users', { token: admin, body: { ...user, password: 'short-secret', name: '+' } });
  const ann = await server.logIn('ann', passwords[0]!);
  await call('POST /v1/self/password', { token: ann, body: { old: passwords[0], new: passwords[1] } });
  await call('POST /v1/self/password', { token: ann, body: { old: passwords[2], new: passwords[1] } });
  await call('POST /v1/login', { body: { name: passwords[2], password: passwords[2] } });
  await call('POST /v1/login', { body: { name: 'ann', password: passwords[2] } });
  const { body: made } = await call('POST /v1/self/tokens', { token: ann, body: { expiresAt: null } });
  await context.store.clusters.create({
    id: 'c-aaaaa',
    createdAt: '2026-11-22T10:00:00.000Z',
    spec: { name: 'prod', description: '', distribution: 'etcd', repositories: [], approvals: 0 },
  });
  const { body: join_ } = await call('POST /v1/clusters/c-aaaaa/join-tokens', { token: ann, body: {} });
  const tokens = [admin, ann, made.token, join_.token] as string[];
  for (const token of tokens) {
    await call(`DELETE /v1/self/tokens/${token}`, { token: ann });
    await call(`GET /v1/clusters/c-aaaaa/${token}`, { token: ann });
    await call('GET /v1/self', { headers: { authorization: `Bearer ${token}x` } });
    await redeemJoinToken(context, `${token}x`).catch((error: unknown) => context.log.error({ error }));
  }
  for (const read of [
    'self',
    'self/tokens',
    'users',
    'audit',
    'audit/export',
    'clusters/c-aaaaa/join-tokens',
  ])
    await call(`GET /v1/${read}`, { token: ann });
  const database = async (name: string) =>
    readFile(join(context.scratchFolder, name), 'latin1').catch(() => '');
  const stored = (await database('server.db')) + (await database('server.db-wal'));
  expect(stored).toContain('ann');
  const secrets = [
    server.admin.password,
    ...passwords,
    'short-secret',
    ...tokens.map((token) => token.slice(-43)),
  ];
  for (const secret of secrets.filter((each) => each !== undefined)) {
    expect(context.logged()).not.toContain(secret);
    expect(stored).not.toContain(secret);
    const told = auditAndReplies().split(secret).length - 1;
    // Each token is told by the reply that makes it, and by a path that was asked for and is not there.
    const mayBeTold = tokens.some((token) => token.endsWith(secret));
    if (!mayBeTold) expect({ secret, told }).toEqual({ secret, told: 0 });
  }
  const log = JSON.stringify((await context.store.audit.list({ limit: 1_000 })).items);
  for (const secret of secrets) expect(log).not.toContain(secret);
  expect(stored).not.toContain('PRIVATE KEY');
  const sealed = await context.store.settings.get('authority');
  const { key } = JSON.parse(Buffer.from(context.sealer.open('authority', sealed!)).toString()) as {
    key: string;
  };
  expect(stored).not.toContain(key);
  await webcrypto.subtle.importKey(
    'pkcs8',
    Buffer.from(key, 'base64'),
    { name: 'ECDSA', namedCurve: 'P-256' },
    false,
    ['sign'],
  );
});
