import { describe, expect, test } from 'vitest';
import { isFailure, systemClock } from '@holdfast/base';
import { thisProcess } from '../holder.ts';
import type { StoredObject } from '../storage/storage.ts';
import { WrappedStorage } from '../storage/wrapped.ts';
import { FaultyStorage } from '../testing/faulty.ts';
import { encodeEntry, entryKey, type LeaseEntry } from './entry.ts';
import { commit, fault, Interrupted, keyOf, names, on, places, scope, stillClock } from './testing/leases.ts';

describe.each(places)('a lease %s', (_, storage) => {
  test('is held by one at a time and free at once when it is released', async () => {
    const writers = on(storage());
    expect(await writers.current()).toBeUndefined();
    const first = await writers.acquire({ waitMs: 0 });
    expect(await writers.current()).toMatchObject({ epoch: first.epoch, holder: thisProcess() });
    const refused = await writers.acquire({ waitMs: 0 }).catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: 'lease-held', exitCode: 11, details: { pid: process.pid } });
    expect(await commit(first, 'a')).toBe(true);
    await first.release();
    expect(await writers.current()).toBeUndefined();
    const second = await writers.acquire({ waitMs: 0 });
    expect(second.epoch).toBeGreaterThan(first.epoch);
    await expect(commit(first, 'b')).rejects.toMatchObject({ code: 'lease-lost' });
    expect(await commit(second, 'c')).toBe(true);
    expect(await names(writers)).toEqual(['a', 'c']);
  });

  test('of many who find it free one gets it', async () => {
    const writers = on(storage());
    const got = await Promise.allSettled([1, 2, 3, 4].map(() => writers.acquire({ waitMs: 0 })));
    expect(got.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  test('passes to one who waits when its holder gives no sign, and not before', async () => {
    const clock = stillClock();
    const writers = on(storage(), { clock, ttlMs: 100, marginMs: 20 });
    const holder = await writers.acquire({ waitMs: 0 });
    clock.onSleep = () => holder.renew();
    await expect(writers.acquire({ waitMs: 1000 })).rejects.toMatchObject({ code: 'lease-held' });
    clock.onSleep = () => Promise.resolve();
    const [before, next] = [clock.monotonic(), await writers.acquire({ waitMs: 1000 })];
    expect(clock.monotonic() - before).toBeGreaterThanOrEqual(120);
    expect(clock.monotonic() - before).toBeLessThan(150);
    await expect(holder.renew()).rejects.toMatchObject({ code: 'lease-lost', exitCode: 11 });
    expect(await commit(next, 'a')).toBe(true);
  });

  test('is waited for as long as is wanted', async () => {
    const writers = on(storage(), { clock: systemClock });
    await writers.acquire({ waitMs: 0 });
    const waiting = writers.acquire({ waitMs: 60_000, signal: AbortSignal.abort(fault) });
    await expect(waiting).rejects.toThrow();
  });

  test('passes at once when its holder is seen to have ended', async () => {
    const here = storage();
    const entry = {
      position: 1,
      id: 'x',
      previous: null,
      act: 'take' as const,
      epoch: 1,
      holder: { ...thisProcess(), id: 'dead', started: '0' },
      at: new Date(0).toISOString(),
      ttlMs: 60_000,
      base: null,
      changes: [],
    };
    await here.put(entryKey(scope, 1), encodeEntry(entry));
    expect(await on(here).current()).toBeUndefined();
    expect((await on(here).acquire({ waitMs: 0 })).epoch).toBe(2);
  });

  test('is not taken over right after a commit that the taker had not seen', async () => {
    const here = storage();
    const seen = new Interrupted(here);
    const clock = stillClock();
    const holder = await on(here, { clock }).acquire({ waitMs: 0 });
    seen.before('put', () => commit(holder, 'a'));
    await expect(on(seen, { clock }).acquire({ waitMs: 80_000 })).rejects.toMatchObject({
      code: 'lease-held',
    });
    expect(await commit(holder, 'b')).toBe(true);
    expect(await names(on(here))).toEqual(['a', 'b']);
  });

  test('an answer that is lost is made up for by looking, and by asking again', async () => {
    const here = storage();
    const faulty = new FaultyStorage(here);
    const holder = await on(faulty).acquire({ waitMs: 0 });
    faulty.loseAnswer('put', fault);
    expect(await commit(holder, 'a')).toBe(true);
    faulty.loseAnswer('put', fault, 1);
    expect(await commit(holder, 'b')).toBe(true);
    faulty.loseAnswer('put', fault, 1);
    faulty.failNext('get', fault);
    await expect(commit(holder, 'c')).rejects.toMatchObject({ code: 's3-unreachable' });
    expect(await commit(holder, 'c')).toBe(true);
    expect(await names(on(here))).toEqual(['a', 'b', 'c']);
  });

  test('what is withdrawn is off the list for ever, in the order of the rest', async () => {
    const writers = on(storage());
    const holder = await writers.acquire({ waitMs: 0 });
    for (const name of ['a', 'b', 'c', 'd', 'e', 'f']) await commit(holder, name);
    expect(await holder.withdraw(keyOf(holder, 'b'))).toBe(true);
    expect(await holder.withdraw(keyOf(holder, 'b'))).toBe(false);
    expect(await names(writers)).toEqual(['a', 'c', 'd', 'e', 'f']);
    await holder.release();
    const next = await writers.acquire({ waitMs: 0 });
    expect(await next.withdraw(keyOf(holder, 'a'))).toBe(true);
    expect(await names(writers)).toEqual(['c', 'd', 'e', 'f']);
  });

  test('keeps few entries, however often it is renewed, and the whole list', async () => {
    const here = storage();
    const writers = on(here, { keepEntries: 4 });
    const holder = await writers.acquire({ waitMs: 0 });
    for (let n = 0; n < 40; n += 1) await (n % 4 === 0 ? commit(holder, `n${n}`) : holder.renew());
    let count = 0;
    for await (const { key } of here.list(`${scope}/lease`)) count += key === '' ? 0 : 1;
    expect(count).toBeLessThanOrEqual(5);
    expect(await writers.committed()).toHaveLength(10);
  });

  test('entries that are young are kept, so that a listing may lag behind them', async () => {
    const here = storage();
    const holder = await on(here, { keepMs: 3_600_000 }).acquire({ waitMs: 0 });
    for (let n = 0; n < 9; n += 1) await commit(holder, `n${n}`);
    class Lagging extends WrappedStorage {
      override async *list(folder: string): AsyncIterable<StoredObject> {
        for await (const each of this.inner.list(folder))
          if (!/0(0[4-9]|10)\.json$/.test(each.key)) yield each;
      }
    }
    expect(await on(new Lagging(here)).committed()).toHaveLength(9);
  });

  test('other bytes under a key that is taken are not committed, and a key must bear the epoch', async () => {
    const here = storage();
    const holder = await on(here).acquire({ waitMs: 0 });
    const key = keyOf(holder, 'a');
    await here.put(key, Buffer.from('others'));
    expect(await holder.commit(key, Buffer.from('ours'))).toBe(false);
    expect(await on(here).committed()).toEqual([]);
    expect(() => holder.commit(`${scope}/a.json`, Buffer.from('x'))).toThrow(RangeError);
    expect(() => holder.commit(`clusters/d/a.${holder.epochName}.json`, Buffer.from('x'))).toThrow(
      RangeError,
    );
  });

  test('that could not be released is free at once for the process that had it', async () => {
    const faulty = new FaultyStorage(storage());
    const holder = await on(faulty).acquire({ waitMs: 0 });
    faulty.failNext('put', fault);
    await holder.release();
    const next = await on(faulty).acquire({ waitMs: 0 });
    await expect(commit(holder, 'a')).rejects.toMatchObject({ code: 'lease-lost' });
    expect(await commit(next, 'b')).toBe(true);
  });

  test('a failing storage is told of, and neither a release nor a pruning fails by it', async () => {
    const faulty = new FaultyStorage(storage());
    const holder = await on(faulty).acquire({ waitMs: 0 });
    for (const name of ['a', 'b']) await commit(holder, name);
    faulty.failNext('delete', fault);
    expect(await commit(holder, 'c')).toBe(true);
    faulty.failNext('put', fault);
    await expect(holder.renew()).rejects.toMatchObject({ code: 's3-unreachable' });
    faulty.failNext('put', fault);
    await holder.release();
    expect(await on(faulty).current()).toBeDefined();
  });

  test.each([
    ['no JSON', '{'],
    ['not of its kind', '{"apiVersion":"holdfast.dev/v1","kind":"Pin"}'],
  ])('an entry that is %s is damage, and nobody writes behind it', async (_, text) => {
    const here = storage();
    await here.put(entryKey(scope, 1), Buffer.from(text));
    for (const ask of [() => on(here).committed(), () => on(here).acquire({ waitMs: 0 })]) {
      expect(isFailure(await ask().catch((error: unknown) => error), 'manifest-damaged')).toBe(true);
    }
  });

  test('an entry of another position is damage', async () => {
    const here = storage();
    await on(here).acquire({ waitMs: 0 });
    const entry = await here.get(entryKey(scope, 1), 10_000);
    await here.put(entryKey(scope, 2), entry!);
    await expect(on(here).committed()).rejects.toMatchObject({ code: 'manifest-damaged' });
    expect((JSON.parse(Buffer.from(entry!).toString()) as LeaseEntry).kind).toBe('LeaseEntry');
  });
});
