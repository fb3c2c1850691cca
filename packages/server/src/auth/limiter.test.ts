import { isFailure } from '@holdfast/base';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { makeBuckets } from './buckets.ts';
import { makeLimiter } from './limiter.ts';

function handClock() {
  const clock = { ms: 0, monotonic: () => clock.ms };
  return clock;
}

/** Seconds after which it may be tried again; 0: it was let through. */
function waits(ask: () => unknown): number {
  try {
    ask();
    return 0;
  } catch (error) {
    if (!isFailure(error, 'too-many-requests')) throw error;
    return Number(error.details['retryAfter']);
  }
}

test('after five wrong passwords each further one doubles the wait, up to 15 minutes', () => {
  const clock = handClock();
  const { password } = makeLimiter(clock);
  const waited: number[] = [];
  for (let attempt = 0; attempt < 18; attempt += 1) {
    const wait = waits(() => password('ann', '192.0.2.1'));
    clock.ms += wait * 1_000;
    if (wait > 0) expect(waits(() => password('ann', '192.0.2.1'))).toBe(0);
    waited.push(wait);
    // The limit of the address is another matter.
    clock.ms += 0;
  }
  expect(waited.slice(0, 5)).toEqual([0, 0, 0, 0, 0]);
  expect(waited.slice(5, 12)).toEqual([1, 2, 4, 8, 16, 32, 64]);
  expect(Math.max(...waited)).toBe(900);
});

test('a right password ends the count, and others are not kept waiting', () => {
  const clock = handClock();
  const { password } = makeLimiter(clock);
  for (let attempt = 0; attempt < 5; attempt += 1) password('ann', '192.0.2.1');
  expect(waits(() => password('ann', '192.0.2.1'))).toBe(1);
  expect(waits(() => password('ann', '198.51.100.7'))).toBe(0);
  expect(waits(() => password('bob', '192.0.2.1'))).toBe(0);
  clock.ms += 1_000;
  const right = password('ann', '192.0.2.1');
  right();
  for (let attempt = 0; attempt < 5; attempt += 1) expect(waits(() => password('ann', '192.0.2.1'))).toBe(0);
});

test('many attempts at once count before any of them has ended', () => {
  const { password } = makeLimiter(handClock());
  const let_ = Array.from({ length: 100 }, () => waits(() => password('ann', '192.0.2.1')));
  expect(let_.filter((wait) => wait === 0)).toHaveLength(5);
});

test('one address tries 20 names, then one each two seconds', () => {
  const clock = handClock();
  const { password } = makeLimiter(clock);
  const tries = Array.from({ length: 30 }, (_, n) => waits(() => password(`user${n}`, '192.0.2.1')));
  expect(tries.filter((wait) => wait === 0)).toHaveLength(20);
  expect(tries.at(-1)).toBe(2);
});

test('a name is tried from many addresses 50 times, then one each five seconds', () => {
  const { password } = makeLimiter(handClock());
  const tries = Array.from({ length: 60 }, (_, n) => waits(() => password('ann', `192.0.2.${n}`)));
  expect(tries.filter((wait) => wait === 0)).toHaveLength(50);
  expect(tries.at(-1)).toBe(5);
});

test('addresses of one network of IPv6 count as one', () => {
  const { join } = makeLimiter(handClock());
  const tries = Array.from({ length: 250 }, (_, n) => waits(() => join(`2001:db8:0:1::${n.toString(16)}`)));
  expect(tries.filter((wait) => wait === 0)).toHaveLength(200);
  expect(waits(() => join('2001:db8:0:2::1'))).toBe(0);
});

test('a token and a node have a pace of their own', () => {
  const clock = handClock();
  const { request, agent } = makeLimiter(clock);
  for (let n = 0; n < 200; n += 1) request('t-aaaaa');
  expect(waits(() => request('t-aaaaa'))).toBe(1);
  expect(waits(() => request('t-bbbbb'))).toBe(0);
  expect(waits(() => agent('n-aaaaa'))).toBe(0);
  clock.ms += 20;
  expect(waits(() => request('t-aaaaa'))).toBe(0);
});

test('a bucket never gives more than its burst and what has flowed in since', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 2_000 }), { maxLength: 200 }), (steps) => {
      const clock = handClock();
      const buckets = makeBuckets(clock, { burst: 5, perSecond: 2, most: 10 });
      let taken = 0;
      for (const step of steps) {
        clock.ms += step;
        const wait = buckets.take('a');
        if (wait === 0) taken += 1;
        expect(taken).toBeLessThanOrEqual(5 + (clock.ms / 1_000) * 2 + 1e-6);
      }
    }),
  );
});

test('as long as it says one has to wait, one has to wait', () => {
  const clock = handClock();
  const buckets = makeBuckets(clock, { burst: 1, perSecond: 3, most: 10 });
  buckets.take('a');
  const wait = buckets.take('a');
  clock.ms += wait - 2;
  expect(buckets.take('a')).toBeGreaterThan(0);
  clock.ms += 2;
  expect(buckets.take('a')).toBe(0);
});

test('what is remembered has a bound', () => {
  const buckets = makeBuckets(handClock(), { burst: 1, perSecond: 1, most: 2 });
  expect(['a', 'b', 'c', 'a'].map((key) => buckets.take(key))).toEqual([0, 0, 0, 0]);
  expect(buckets.take('c')).toBeGreaterThan(0);
});
