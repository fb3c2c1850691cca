import { expect, test } from 'vitest';
import { testContext } from '../testing/context.ts';
import { onceByKey } from './idempotency.ts';

const asked = { user: 'u-aaaaa', key: 'k', request: ['POST', '/v1/clusters', '{"name":"prod"}'] };
const reply = { status: 201, headers: {}, body: 'done' };

const refused = () => Promise.reject(new Error('the name is taken'));
/** What a process does no more once it is killed. */
const killed = () => Promise.reject(new Error('killed'));

test('a key whose server has died while it was at work says so after a minute, and nothing is done twice', async () => {
  await using context = await testContext();
  const { store, clock } = context;
  const replies = { ...store.replies, finish: killed, forget: killed, hold: killed };
  const dying = { ...context, store: { ...store, replies } };
  let times = 0;
  const work = async () => {
    times += 1;
    return reply;
  };
  const dead = async () => {
    times += 1;
    return killed();
  };
  await expect(onceByKey(dying, asked, dead)).rejects.toThrow('killed');
  await expect(onceByKey(context, asked, work)).rejects.toMatchObject({ code: 'request-under-way' });
  clock.advance(60_000);
  await expect(onceByKey(context, asked, work)).rejects.toMatchObject({ code: 'request-broken-off' });
  const now = clock.now().getTime();
  await store.replies.removeExpired(
    new Date(now).toISOString(),
    new Date(now - 24 * 3_600_000).toISOString(),
  );
  await expect(onceByKey(context, asked, work)).rejects.toMatchObject({ code: 'request-broken-off' });
  expect(times).toBe(1);
  expect(await onceByKey(context, { ...asked, key: 'another' }, work)).toEqual(reply);
});

test('a key whose server was only slow is answered in the end', async () => {
  await using context = await testContext();
  const { store, clock } = context;
  const going = Promise.withResolvers<typeof reply>();
  const silent = { ...context, store: { ...store, replies: { ...store.replies, hold: async () => {} } } };
  const first = onceByKey(silent, asked, async () => going.promise);
  const again = async () => onceByKey(context, asked, async () => Promise.reject(new Error('done again')));
  await expect
    .poll(async () => again().catch((error: Error) => error))
    .toMatchObject({
      code: 'request-under-way',
    });
  clock.advance(60_000);
  await expect(again()).rejects.toMatchObject({ code: 'request-broken-off' });
  going.resolve(reply);
  expect(await first).toEqual(reply);
  expect(await again()).toEqual({ ...reply, headers: { 'idempotent-replayed': 'true' } });
});

test('a reply that cannot be kept is given all the same, and its key stays used: it was done', async () => {
  await using context = await testContext();
  const { store } = context;
  const ill = { ...context, store: { ...store, replies: { ...store.replies, finish: killed } } };
  let times = 0;
  const work = async () => {
    times += 1;
    return reply;
  };
  expect(await onceByKey(ill, asked, work)).toEqual(reply);
  await expect(onceByKey(context, asked, work)).rejects.toMatchObject({ code: 'request-under-way' });
  expect(times).toBe(1);
});

test('what failed is told as it was, also where its key cannot be forgotten', async () => {
  await using context = await testContext();
  const { store } = context;
  const ill = { ...context, store: { ...store, replies: { ...store.replies, forget: killed } } };
  await expect(onceByKey(ill, asked, refused)).rejects.toThrow('the name is taken');
});
