import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock, type Clock } from '@holdfast/base';
import { afterAll, expect, test } from 'vitest';
import { describeStorage } from '../../testing/conformance.ts';
import { LocalStorage } from '../local/local.ts';
import { LimitedStorage } from './limited-storage.ts';
import { Slots } from './slots.ts';
import { TokenBucket } from './token-bucket.ts';

const base = mkdtempSync(join(tmpdir(), 'holdfast-limit-'));
afterAll(() => rmSync(base, { recursive: true, force: true }));
let count = 0;
const local = (): LocalStorage => new LocalStorage(join(base, String((count += 1))));

/** Time passes by sleeping only. */
function clockOf(): Clock & { passed: number } {
  return {
    passed: 0,
    now: () => new Date(0),
    monotonic() {
      return this.passed;
    },
    async sleep(ms) {
      this.passed += ms;
    },
  };
}

const limits = { concurrency: 1, uploadPerSecond: 1 << 30, downloadPerSecond: 1 << 30 };
describeStorage('a folder used by one at a time', () =>
  Promise.resolve(new LimitedStorage(local(), limits, systemClock)),
);
describeStorage('a folder without limits', () =>
  Promise.resolve(new LimitedStorage(local(), {}, systemClock)),
);

test('bytes pass at the rate that was set, after one second of them at once', async () => {
  const clock = clockOf();
  const storage = new LimitedStorage(local(), { uploadPerSecond: 1000, downloadPerSecond: 500 }, clock);
  await storage.put('a', Buffer.alloc(1000));
  expect(clock.passed).toBe(0);
  const writer = await storage.create('b');
  await writer.write(Buffer.alloc(2500));
  await writer.place();
  expect(clock.passed).toBe(2500);
  for await (const chunk of storage.read('b')) expect(chunk.length).toBe(2500);
  expect(clock.passed).toBe(2500 + 4000);
  await storage.get('a', 1000);
  expect(clock.passed).toBe(2500 + 6000);
});

test('what was not used is not saved up beyond a second', async () => {
  const clock = clockOf();
  const bucket = new TokenBucket(10, clock);
  clock.passed = 60_000;
  await bucket.take(10);
  await bucket.take(5);
  expect(clock.passed).toBe(60_500);
});

test('who lists may change what is listed, though there is one place', async () => {
  const storage = new LimitedStorage(local(), { concurrency: 1 }, systemClock);
  for (const key of ['a', 'b', 'c']) await storage.put(key, Buffer.from(key));
  for await (const { key } of storage.list('')) expect(await storage.delete(key)).toBe(true);
  expect(await storage.isEmpty()).toBe(true);
});

test('no more acts than places at a time, in the order in which they came, failed ones too', async () => {
  const slots = new Slots(2);
  let [running, most] = [0, 0];
  const order: number[] = [];
  const acts = [1, 2, 3, 4, 5].map((n) =>
    slots.run(async () => {
      order.push(n);
      most = Math.max(most, (running += 1));
      await Promise.resolve();
      running -= 1;
      if (n === 2) throw new Error('failed');
    }),
  );
  const outcomes = await Promise.allSettled(acts);
  expect(outcomes.map(({ status }) => status).filter((each) => each === 'rejected')).toHaveLength(1);
  expect([most, order]).toEqual([2, [1, 2, 3, 4, 5]]);
});

test('no rate and no place are refused', () => {
  expect(() => new TokenBucket(0, systemClock)).toThrow(RangeError);
  expect(() => new Slots(0)).toThrow(RangeError);
});
