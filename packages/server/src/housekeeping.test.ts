import { expect, test } from 'vitest';
import { keepHouse } from './housekeeping.ts';
import { testContext } from './testing/context.ts';

test('each hour what has served its time goes, and the head of the audit log is told', async () => {
  await using context = await testContext();
  const { store, clock } = context;
  const at = clock.now().toISOString();
  const note = { at, by: 'ann', token: null, address: null, of: null, cluster: null, details: {} };
  const { hash } = await store.audit.append({ ...note, action: 'logIn', outcome: 'allowed' });
  const reply = { status: 201, headers: {}, body: '' };
  await store.replies.begin('u-aaaaa', 'answered', 'x', at);
  await store.replies.finish('u-aaaaa', 'answered', reply, new Date(clock.now().getTime() + 1).toISOString());
  await store.replies.begin('u-aaaaa', 'broken off', 'x', at);
  const end = new AbortController();
  const running = keepHouse(context, end.signal);
  await expect.poll(() => context.logged()).toContain(`"n":1,"hash":"${hash}"`);
  clock.advance(3_600_000);
  const until = clock.now().toISOString();
  await expect.poll(() => store.replies.begin('u-aaaaa', 'answered', 'y', until)).toBeUndefined();
  expect(await store.replies.begin('u-aaaaa', 'broken off', 'y', until)).toMatchObject({ reply: null });
  end.abort();
  await running;
});
