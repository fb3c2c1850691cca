import { describe, expect, test } from 'vitest';
import { FaultyStorage } from '../testing/faulty.ts';
import { entryKey } from './entry.ts';
import {
  commit,
  fault,
  Interrupted,
  keyOf,
  names,
  on,
  pass,
  places,
  scope,
  stillClock,
} from './testing/leases.ts';

describe.each(places)('a lease %s', (_, storage) => {
  test.each([
    ['right after', 0],
    ['long after, when its position has been pruned', 4],
  ])('fences a holder that wakes up in its commit %s it was taken over', async (_, count) => {
    const here = storage();
    const seen = new Interrupted(here);
    const clock = stillClock();
    const holder = await on(seen, { clock }).acquire({ waitMs: 0 });
    await commit(holder, 'a');
    seen.before('put', () => pass(here, clock, count), 1);
    await expect(commit(holder, 'b')).rejects.toMatchObject({ code: 'lease-lost' });
    expect(await names(on(here))).toEqual(['a', 'n1', 'n2', 'n3', 'n4'].slice(0, count + 1));
    // What it left is there, and not listed.
    expect(await here.stat(keyOf(holder, 'b'))).toBeDefined();
    await expect(holder.renew()).rejects.toMatchObject({ code: 'lease-lost' });
  });

  test('is lost as well for one that could not look after it woke up, and asks again', async () => {
    const here = storage();
    const faulty = new FaultyStorage(here);
    const seen = new Interrupted(faulty);
    const clock = stillClock();
    const holder = await on(seen, { clock }).acquire({ waitMs: 0 });
    seen.before('put', () => pass(here, clock), 1);
    faulty.failNext('list', fault);
    await expect(commit(holder, 'a')).rejects.toMatchObject({ code: 's3-unreachable' });
    await expect(commit(holder, 'a')).rejects.toMatchObject({ code: 'lease-lost' });
    expect(await names(on(here))).toEqual(['n1', 'n2', 'n3', 'n4']);
  });

  test('a commit that was made is one, heard of or not, also when the lease is lost right after it', async () => {
    const here = storage();
    const seen = new Interrupted(here);
    const clock = stillClock();
    const holder = await on(seen, { clock }).acquire({ waitMs: 0 });
    seen.before('list', () => pass(here, clock));
    expect(await commit(holder, 'a')).toBe(true);
    await expect(commit(holder, 'b')).rejects.toMatchObject({ code: 'lease-lost' });
    expect(await names(on(here))).toEqual(['a', 'n1', 'n2', 'n3', 'n4']);
  });

  // A holder was told that its commit had been fenced, and it was listed: the entry that it found was not of the chain.
  test('a commit that was made is one, also when another one is in its place that came late after a pruning', async () => {
    const here = storage();
    const clock = stillClock();
    const looking = new FaultyStorage(here);
    const former = await on(looking, { clock }).acquire({ waitMs: 0 });
    await commit(former, 'a');
    const faulty = new FaultyStorage(here);
    const seen = new Interrupted(faulty);
    const holder = await on(seen, { clock }).acquire({ waitMs: 200_000 });
    faulty.loseAnswer('put', fault, 1);
    seen.before('get', async () => {
      await pass(here, clock, 6);
      looking.failNext('list', fault);
      await expect(commit(former, 'late')).rejects.toMatchObject({ code: 's3-unreachable' });
      await expect(commit(former, 'later')).rejects.toMatchObject({ code: 'lease-lost' });
      expect(await here.stat(entryKey(scope, holder.epoch + 1))).toBeDefined();
    });
    expect(await commit(holder, 'b')).toBe(true);
    await expect(holder.renew()).rejects.toMatchObject({ code: 'lease-lost' });
    expect((await names(on(here))).slice(0, 3)).toEqual(['a', 'b', 'n1']);
  });

  test('a reader does not take what came late to a pruned position for the base of the list', async () => {
    const here = storage();
    const [late, reader] = [new Interrupted(here), new Interrupted(here)];
    const clock = stillClock();
    const holder = await on(here, { clock }).acquire({ waitMs: 0 });
    for (const name of ['a', 'b', 'c']) await commit(holder, name);
    const paused = Promise.withResolvers<void>();
    let found: Promise<unknown> | undefined;
    late.before('put', async () => {
      // The first of these, at the position that the taker is about to put at, becomes a base.
      for (const name of ['d', 'e', 'f', 'g']) await commit(holder, name);
      reader.before(
        'get',
        async () => {
          await commit(holder, 'h');
          expect(await here.stat(entryKey(scope, 5))).toBeUndefined();
          paused.resolve();
          await expect(taken).rejects.toMatchObject({ code: 'lease-held' });
          expect(await here.stat(entryKey(scope, 5))).toBeDefined();
        },
        2,
      );
      found = names(on(reader));
      await paused.promise;
    });
    const taken = on(late, { clock }).acquire({ waitMs: 80_000 });
    await expect(taken).rejects.toMatchObject({ code: 'lease-held' });
    expect(await found).toEqual(['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']);
  });

  test.each([1, 3])('a reader who looked away during %i commits sees none that is fenced', async (count) => {
    const here = storage();
    const [late, reader] = [new Interrupted(here), new Interrupted(here)];
    const clock = stillClock();
    const holder = await on(late, { clock }).acquire({ waitMs: 0 });
    const paused = Promise.withResolvers<void>();
    let found: Promise<unknown> | undefined;
    late.before(
      'put',
      async () => {
        // The reader's first look is at the taker's entry, which is at the position of the late commit.
        const next = await pass(here, clock, 0);
        reader.before('get', async () => {
          for (let n = 1; n <= count; n += 1) await commit(next, `n${n}`);
          paused.resolve();
          await expect(fenced).rejects.toMatchObject({ code: 'lease-lost' });
          expect(await here.stat(entryKey(scope, 2))).toBeDefined();
        });
        found = names(on(reader));
        await paused.promise;
      },
      1,
    );
    const fenced = commit(holder, 'a');
    await expect(fenced).rejects.toMatchObject({ code: 'lease-lost' });
    expect(await found).toEqual(['n1', 'n2', 'n3'].slice(0, count));
  });

  test('one who was taken over is not told that what others have committed is off the list', async () => {
    const here = storage();
    const clock = stillClock();
    const holder = await on(here, { clock }).acquire({ waitMs: 0 });
    const next = await pass(here, clock, 1);
    await expect(holder.withdraw(keyOf(next, 'n1'))).rejects.toMatchObject({ code: 'lease-lost' });
    expect(await names(on(here))).toEqual(['n1']);
  });
});
