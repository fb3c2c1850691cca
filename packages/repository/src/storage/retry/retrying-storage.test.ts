import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Failure, type Clock } from '@holdfast/base';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { describeStorage } from '../../testing/conformance.ts';
import { FaultyStorage } from '../../testing/faulty.ts';
import { LocalStorage } from '../local/local.ts';
import { Retry } from './retry.ts';
import { RetryingStorage } from './retrying-storage.ts';

const base = mkdtempSync(join(tmpdir(), 'holdfast-retry-'));
afterAll(() => rmSync(base, { recursive: true, force: true }));
let count = 0;
const folder = (): string => join(base, String((count += 1)));
const bytes = (text: string): Buffer => Buffer.from(text);
const busy = new Failure('s3-busy', 'SlowDown');

let pauses: number[];
let faulty: FaultyStorage;
let storage: RetryingStorage;
beforeEach(() => {
  pauses = [];
  const clock: Clock = {
    now: () => new Date(0),
    monotonic: () => 0,
    sleep: async (ms) => void pauses.push(ms),
  };
  faulty = new FaultyStorage(new LocalStorage(folder()));
  storage = new RetryingStorage(faulty, new Retry({ clock, random: () => 0.5 }));
});

describeStorage('a folder that is tried again', () => {
  const clock = { now: () => new Date(), monotonic: () => 0, sleep: () => Promise.resolve() };
  const retry = new Retry({ clock, random: () => 0 });
  return Promise.resolve(new RetryingStorage(new LocalStorage(folder()), retry));
});

test('a step is tried again after pauses that double, and given up in the end', async () => {
  for (let n = 0; n < 6; n += 1) faulty.failNext('stat', busy);
  await expect(storage.stat('k')).rejects.toBe(busy);
  expect(pauses).toEqual([187.5, 375, 750, 1500, 3000]);
  expect(await storage.stat('k')).toBeUndefined();
});

test('what does not pass is not tried again', async () => {
  const denied = new Failure('s3-permission', 'AccessDenied');
  faulty.failNext('get', denied);
  await expect(storage.get('k', 9)).rejects.toBe(denied);
  expect(pauses).toEqual([]);
});

test('a put whose answer is lost counts once', async () => {
  faulty.loseAnswer('put', busy);
  expect(await storage.put('k', bytes('one'))).toBe(true);
  expect(await storage.put('k', bytes('one'))).toBe(false);
  expect(faulty.changes).toEqual(['put k', 'put k', 'put k']);
});

test.each(['two', 'longer than one'])('a put that failed does not win what %j has taken', async (other) => {
  await storage.put('k', bytes(other));
  faulty.failNext('put', busy);
  expect(await storage.put('k', bytes('one'))).toBe(false);
  expect(Buffer.from((await storage.get('k', 99)) ?? []).toString()).toBe(other);
});

test('a delete whose answer is lost is told as done', async () => {
  await storage.put('k', bytes('x'));
  faulty.loseAnswer('delete', busy);
  expect(await storage.delete('k')).toBe(true);
  expect(await storage.delete('k')).toBe(false);
});

test('a large object is begun and placed again', async () => {
  faulty.failNext('create', busy);
  const writer = await storage.create('k');
  await writer.write(bytes('x'));
  faulty.failNext('place', busy);
  expect(await writer.place()).toBe(true);
  expect(await storage.stat('k')).toMatchObject({ size: 1 });
});
