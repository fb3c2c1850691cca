import { expect, test } from 'vitest';
import { testContext } from '../testing/context.ts';
import { onceByKey } from './idempotency.ts';

const asked = { user: 'u-aaaaa', key: 'k', request: ['POST', '/v1/clusters', '{"name":"prod"}'] };
const reply = { status: 201, headers: {}, body: 'done' };

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
  await expect(onceByKey(dying, asked, work)).rejects.toThrow('killed');
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
