import { expect, test } from 'vitest';
import { testContext, type TestContext } from '../testing/context.ts';
import { makeAuthenticator } from './authenticator.ts';
import { redeemJoinToken } from './join-token.ts';
import { makeLimiter } from './limiter.ts';
import { newToken } from './token.ts';

const address = '192.0.2.1';

async function withToken(context: TestContext, more: { readonly expiresAt?: string } = {}) {
  const { store, random } = context;
  const createdAt = context.clock.now().toISOString();
  await store.users.create({
    id: 'u-aaaaa',
    name: 'ann',
    createdAt,
    disabled: false,
    grants: [
      { role: 'admin', cluster: 'c-aaaaa' },
      { role: 'viewer', cluster: null },
    ],
    version: 1,
    password: '',
  });
  const { token, hash } = newToken('hf', 't-aaaaa', random);
  await store.tokens.create({
    id: 't-aaaaa',
    user: 'u-aaaaa',
    description: '',
    createdAt,
    expiresAt: more.expiresAt ?? null,
    lastUsedAt: null,
    grants: [{ role: 'operator', cluster: null }],
    hash,
    login: false,
  });
  return token;
}

const wrong = expect.objectContaining({ code: 'not-authenticated' }) as unknown;

test('a token tells who asks, and what both user and token allow', async () => {
  await using context = await testContext();
  const token = await withToken(context);
  const { authenticate } = makeAuthenticator(context, makeLimiter(context.clock));
  const caller = {
    user: 'u-aaaaa',
    name: 'ann',
    token: 't-aaaaa',
    grants: [
      { role: 'operator', cluster: 'c-aaaaa' },
      { role: 'viewer', cluster: null },
    ],
    address,
  };
  expect(await authenticate(`Bearer ${token}`, address)).toEqual(caller);
  const basic = Buffer.from(`token-aaaaa:${token.slice(-43)}`).toString('base64');
  expect(await authenticate(`Basic ${basic}`, address)).toEqual(caller);
});

test('nothing, a wrong secret, an unknown id, an ended and an expired token are not let in', async () => {
  await using context = await testContext();
  const token = await withToken(context, { expiresAt: '2026-11-22T11:00:00.000Z' });
  const { authenticate } = makeAuthenticator(context, makeLimiter(context.clock));
  const ask = (header?: string) => authenticate(header, address);
  await expect(ask()).rejects.toEqual(wrong);
  await expect(ask(`Bearer hf_t-aaaaa_${'A'.repeat(43)}`)).rejects.toEqual(wrong);
  await expect(ask(`Bearer hf_t-bbbbb_${token.slice(-43)}`)).rejects.toEqual(wrong);
  await ask(`Bearer ${token}`);
  context.clock.advance(3_600_000);
  await expect(ask(`Bearer ${token}`)).rejects.toEqual(wrong);
});

test('a token that is ended on one replica is noticed at once on another', async () => {
  await using context = await testContext();
  const token = await withToken(context);
  const [one, other] = [1, 2].map(() => makeAuthenticator(context, makeLimiter(context.clock)));
  await one!.authenticate(`Bearer ${token}`, address);
  await context.store.users.put('u-aaaaa', null, { disabled: true });
  await expect(other!.authenticate(`Bearer ${token}`, address)).rejects.toEqual(wrong);
  await context.store.users.put('u-aaaaa', null, { disabled: false });
  await one!.authenticate(`Bearer ${token}`, address);
  await context.store.tokens.remove('t-aaaaa');
  await expect(one!.authenticate(`Bearer ${token}`, address)).rejects.toEqual(wrong);
});

test('who sends much that is no token is slowed down, and others are not', async () => {
  await using context = await testContext();
  const token = await withToken(context);
  const { authenticate } = makeAuthenticator(context, makeLimiter(context.clock));
  const ends = new Set<string>();
  for (let n = 0; n < 60; n += 1)
    await authenticate(`Bearer ${n}`, '198.51.100.1').catch(({ code }: { code: string }) => ends.add(code));
  expect([...ends]).toEqual(['not-authenticated', 'too-many-requests']);
  await authenticate(`Bearer ${token}`, address);
});

test('the last use is stored each minute, and when the server ends', async () => {
  await using context = await testContext();
  const token = await withToken(context);
  const { authenticate, run } = makeAuthenticator(context, makeLimiter(context.clock));
  const end = new AbortController();
  const running = run(end.signal);
  const lastUse = async () => (await context.store.tokens.get('t-aaaaa'))?.lastUsedAt;
  await authenticate(`Bearer ${token}`, address);
  expect(await lastUse()).toBeNull();
  context.clock.advance(60_000);
  await expect.poll(lastUse).toBe('2026-11-22T10:01:00.000Z');
  await authenticate(`Bearer ${token}`, address);
  context.clock.advance(1_000);
  end.abort();
  await running;
  expect(await lastUse()).toBe('2026-11-22T10:01:01.000Z');
});

test('what has ended is removed', async () => {
  await using context = await testContext();
  await withToken(context, { expiresAt: '2026-11-22T10:00:30.000Z' });
  const end = new AbortController();
  const running = makeAuthenticator(context, makeLimiter(context.clock)).run(end.signal);
  const later = () => {
    context.clock.advance(60_000);
    return context.store.tokens.get('t-aaaaa');
  };
  await expect.poll(later).toBeUndefined();
  end.abort();
  await running;
});

test('a join token lets in as often as it says, for its cluster and until it ends', async () => {
  await using context = await testContext();
  await context.store.clusters.create({
    id: 'c-aaaaa',
    createdAt: '2026-11-22T10:00:00.000Z',
    spec: { name: 'prod', description: '', distribution: 'etcd', repositories: [], approvals: 0 },
  });
  const make = async (id: string, usesLeft: number | null) => {
    const { token, hash } = newToken('hfj', id, context.random);
    await context.store.joinTokens.create({
      ...{ id, hash, cluster: 'c-aaaaa', usesLeft, createdBy: 'ann' },
      expiresAt: '2026-11-22T11:00:00.000Z',
    });
    return token;
  };
  const [twice, often] = [await make('j-aaaaa', 2), await make('j-bbbbb', null)];
  const redeem = (token: string) => redeemJoinToken(context, token);
  const ends = await Promise.allSettled(Array.from({ length: 6 }, () => redeem(twice)));
  expect(ends.filter(({ status }) => status === 'fulfilled')).toHaveLength(2);
  for (let n = 0; n < 5; n += 1) expect(await redeem(often)).toEqual({ cluster: 'c-aaaaa' });
  const why = async (token: string) => redeem(token).catch((error: unknown) => error);
  const refusals = await Promise.all([
    why(twice),
    why(`${often.slice(0, -1)}${often.endsWith('A') ? 'B' : 'A'}`),
    why(newToken('hfj', 'j-ccccc', context.random).token),
    why('nothing'),
  ]);
  context.clock.advance(3_600_000);
  refusals.push(await why(often));
  for (const refusal of refusals)
    expect(refusal).toMatchObject({
      code: 'join-refused',
      why: 'the join token is not valid, or not any more',
    });
});

test('a use that is taken in a transaction that fails is not taken', async () => {
  await using context = await testContext();
  await context.store.clusters.create({
    id: 'c-aaaaa',
    createdAt: '2026-11-22T10:00:00.000Z',
    spec: { name: 'prod', description: '', distribution: 'etcd', repositories: [], approvals: 0 },
  });
  const { token, hash } = newToken('hfj', 'j-aaaaa', context.random);
  await context.store.joinTokens.create({
    ...{ id: 'j-aaaaa', hash, cluster: 'c-aaaaa', usesLeft: 1, createdBy: 'ann' },
    expiresAt: '2026-11-22T11:00:00.000Z',
  });
  const failing = context.store.transaction(async (tables) => {
    await redeemJoinToken(context, token, tables);
    throw new Error('no');
  });
  await expect(failing).rejects.toThrow('no');
  expect(await redeemJoinToken(context, token)).toEqual({ cluster: 'c-aaaaa' });
});
