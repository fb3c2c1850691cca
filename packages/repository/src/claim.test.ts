import { mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@holdfast/base';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { claimFolder, type Claim } from './claim.ts';
import { LocalStorage } from './storage/local/local.ts';

let root: string;
let storage: LocalStorage;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'holdfast-claim-'));
  storage = new LocalStorage(root);
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const claim = (): Promise<Claim | undefined> => claimFolder(storage, 'f', systemClock);
const file = (n: number): string => join(root, `f/claim-${n}.json`);
const change = (n: number, from: RegExp, to: string): void =>
  writeFileSync(file(n), readFileSync(file(n), 'utf8').replace(from, to));
const die = (n: number): void => change(n, /"started": ".*"/, '"started": "0"');
const age = (n: number, hours: number): void => {
  const then = systemClock.now().getTime() / 1000 - hours * 3600;
  utimesSync(file(n), then, then);
};

test('one at a time, and the next when it is released', async () => {
  const claims = await Promise.all([claim(), claim(), claim(), claim()]);
  const [held, ...others] = claims.filter((each) => each !== undefined);
  expect(others).toEqual([]);
  expect(held?.inherited).toBe(false);
  await held?.release();
  expect((await claim())?.inherited).toBe(false);
});

test('of many who find a holder dead, one inherits', async () => {
  await claim();
  die(1);
  const heirs = (await Promise.all([claim(), claim(), claim(), claim()])).filter(
    (each) => each !== undefined,
  );
  expect(heirs.map(({ inherited }) => inherited)).toEqual([true]);
  await heirs[0]?.release();
  for await (const object of storage.list('')) expect(object).toBeUndefined();
});

test('a claim whose holder cannot be seen ends with its day', async () => {
  await claim();
  change(1, /"machine": ".*"/, '"machine": "elsewhere"');
  age(1, 23);
  expect(await claim()).toBeUndefined();
  age(1, 25);
  expect((await claim())?.inherited).toBe(true);
});

test.each(['', '{', '{"pid":1}'])('a claim that says %j ends with its day', async (text) => {
  await claim();
  writeFileSync(file(1), text);
  expect(await claim()).toBeUndefined();
  age(1, 25);
  expect((await claim())?.inherited).toBe(true);
});

test('a claim whose holder is seen to live does not end with its day', async () => {
  await claim();
  age(1, 1000);
  expect(await claim()).toBeUndefined();
});

test('one who was taken for dead knows, and releases nothing that is not its own', async () => {
  const first = await claim();
  die(1);
  const second = await claim();
  expect([await first?.isHeld(), await second?.isHeld()]).toEqual([false, true]);
  await second?.release();
  const third = await claim();
  expect([await first?.isHeld(), await third?.isHeld()]).toEqual([false, true]);
  await first?.release();
  expect(await third?.isHeld()).toBe(true);
});
