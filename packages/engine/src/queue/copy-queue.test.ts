import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Failure, limits, systemClock, type Clock } from '@holdfast/base';
import { thisProcess } from '@holdfast/repository';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { CopyQueue, type CopyOrder } from './copy-queue.ts';

let folder: string;
let now: number;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-queue-'));
  now = Date.parse('2026-11-20T09:00:00Z');
});
afterEach(() => rmSync(folder, { recursive: true }));

const clock: Clock = { ...systemClock, now: () => new Date(now) };
const order: CopyOrder = {
  save: '0b9c1f8e-2f53-4b35-9a3f-cc6ad3a6a001',
  cluster: 'prod',
  snapshot: 'one',
  from: [
    {
      repository: '/backup',
      id: '0b9c1f8e-2f53-4b35-9a3f-cc6ad3a6a002',
      cluster: '59c5e2dd-5902-84f8-a77e-cc5978b96b4c',
      snapshot: 'one',
    },
  ],
  to: 'offsite',
  toId: null,
  toAt: 'https://s3.example s3://bucket',
  required: true,
  drop: [],
};
const busy = new Failure('s3-busy', 'it is slow');

function queue(random = 0): CopyQueue {
  return new CopyQueue(folder, { clock, random: () => random });
}

test('a copy waits through restarts, for its owner only, and names no more than what is asked', async () => {
  const held = await queue().add(order);
  await held.release();
  const { items, unreadable } = await queue().list();
  expect(unreadable).toEqual([]);
  expect(items).toMatchObject([{ ...order, attempts: 0, nextAt: '2026-11-20T09:00:00.000Z', failure: null }]);
  const [file] = readdirSync(join(folder, 'queue')).filter((name) => name.endsWith('.json'));
  expect(statSync(join(folder, 'queue')).mode & 0o777).toBe(0o700);
  expect(statSync(join(folder, 'queue', file!)).mode & 0o777).toBe(0o600);
});

test('each failure makes it wait longer, up to the longest; a random part is taken off', async () => {
  const { item } = await queue()
    .add(order)
    .then(async (held) => {
      await held.release();
      return held;
    });
  const waits: number[] = [];
  for (let attempt = 1; attempt <= 10; attempt++) {
    const held = await queue(attempt === 1 ? 0.9999 : 0).hold(item.id);
    const failed = await held!.failed(busy);
    expect(failed).toMatchObject({ attempts: attempt, failure: { code: 's3-busy', why: 'it is slow' } });
    waits.push(Date.parse(failed.nextAt) - now);
  }
  expect(waits[0]).toBeGreaterThan(limits.queueRetryFirstMs * 0.99);
  expect(waits.slice(1, 4)).toEqual([30_000, 60_000, 120_000]);
  expect(waits.at(-1)).toBe(limits.queueRetryLongestMs / 2);
});

test('one at a time works on it, and who has died gives way', async () => {
  const held = await queue().add(order);
  const { id } = held.item;
  expect(await queue().hold(id)).toBeUndefined();
  await held.release();
  const { pid } = spawnSync('true');
  const lock = join(folder, 'queue', `${id}.lock`, 'lock-1.json');
  writeFileSync(lock, JSON.stringify({ ...thisProcess(), pid, started: '1' }));
  const both = await Promise.all([queue().hold(id), queue().hold(id)]);
  const [winner, ...others] = both.filter((each) => each !== undefined);
  expect(others).toEqual([]);
  await winner!.done();
  expect(readdirSync(join(folder, 'queue'))).toEqual([]);
  expect(await queue().hold(id)).toBeUndefined();
});

test('a record that cannot be read is told and hides no other; what a killed process left is swept away', async () => {
  await (await queue().add(order)).release();
  writeFileSync(join(folder, 'queue', 'torn.json'), '{');
  mkdirSync(join(folder, 'queue', 'gone.lock'));
  writeFileSync(join(folder, 'queue', 'gone.json.new'), '{');
  const found = await queue().list();
  expect(found.items).toHaveLength(1);
  expect(found.unreadable).toMatchObject([{ failure: { code: 'queue-damaged' } }]);
  await queue().sweep();
  expect(readdirSync(join(folder, 'queue')).filter((name) => name.startsWith('gone'))).toEqual([]);
  expect(readdirSync(join(folder, 'queue')).filter((name) => name.endsWith('.lock'))).toHaveLength(1);
});

test('of a copy that is made nothing is left, though a process died while it noted a failure', async () => {
  const held = await queue().add(order);
  writeFileSync(join(folder, 'queue', `${held.item.id}.json.new`), '{');
  await held.done();
  expect(readdirSync(join(folder, 'queue'))).toEqual([]);
});

test('of many at once each copy is done by one, and nobody is told of the folders that others remove', async () => {
  for (let round = 0; round < 10; round++) {
    const ids: string[] = [];
    for (let n = 0; n < 5; n++) {
      const held = await queue().add(order);
      ids.push(held.item.id);
      await held.release();
    }
    const done: string[] = [];
    const runner = async (): Promise<void> => {
      const mine = queue();
      await mine.sweep();
      for (const id of ids) {
        const held = await mine.hold(id);
        if (held === undefined) continue;
        done.push(id);
        await held.done();
      }
      await mine.sweep();
    };
    await Promise.all([runner(), runner(), runner(), runner(), runner(), runner()]);
    expect(done.toSorted()).toEqual(ids.toSorted());
  }
  await queue().sweep();
  expect(readdirSync(join(folder, 'queue'))).toEqual([]);
});

test('a copy can be noted while others sweep', async () => {
  const over = new AbortController();
  const sweeping = Promise.all(
    Array.from({ length: 4 }, async () => {
      while (!over.signal.aborted) await queue().sweep();
    }),
  );
  for (let n = 0; n < 30; n++) {
    const held = await queue().add(order);
    expect(await queue().hold(held.item.id)).toBeUndefined();
    await held.done();
  }
  over.abort();
  await sweeping;
});

test('what waits can be dropped, a record that cannot be read too, and nothing that another works on', async () => {
  const held = await queue().add(order);
  const { id } = held.item;
  await expect(queue().drop(id)).rejects.toMatchObject({ code: 'queue-busy' });
  await held.release();
  await queue().drop(id);
  await expect(queue().drop(id)).rejects.toMatchObject({ code: 'queue-missing' });
  await expect(queue().drop('../state')).rejects.toMatchObject({ code: 'queue-missing' });
  writeFileSync(join(folder, 'queue', 'torn.json'), '{');
  await queue().drop('torn');
  expect(readdirSync(join(folder, 'queue'))).toEqual([]);
});
