import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Failure, systemClock, type Clock } from '@holdfast/base';
import { openRepository, type Repository } from '@holdfast/repository';
import { storeSnapshot } from '@holdfast/repository/testing';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { VerbContext } from '../context.ts';
import { CopyQueue, type CopyOrder } from './copy-queue.ts';
import { runQueue } from './run-queue.ts';

let folder: string;
let now: number;
let queue: CopyQueue;
let here: Repository;
let order: CopyOrder;
/** Names of repositories that cannot be opened. */
let down: Set<string>;
const slept: number[] = [];

const clock: Clock = {
  ...systemClock,
  now: () => new Date(now),
  sleep: async (ms) => {
    slept.push(ms);
    now += ms;
    // The way there is mended while one waits.
    down.clear();
  },
};
const context: VerbContext = { clock, signal: new AbortController().signal, holdfast: '0.1.0' };

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-queue-'));
  now = Date.parse('2026-11-20T09:00:00Z');
  down = new Set();
  slept.length = 0;
  queue = new CopyQueue(join(folder, 'state'), { clock, random: () => 0 });
  here = await openRepository(join(folder, 'here'), { create: true });
  const cluster = await here.addCluster('prod');
  await storeSnapshot(here, cluster, 'one', Buffer.alloc(1000, 1));
  const nowhere = await open('nowhere');
  await nowhere.addCluster('prod');
  const from = [
    {
      repository: 'nowhere',
      id: nowhere.record.id,
      cluster: (await nowhere.clusters())[0]!.id,
      snapshot: 'one',
    },
    { repository: 'here', id: here.record.id, cluster: cluster.id, snapshot: 'one' },
  ];
  const save = '0b9c1f8e-2f53-4b35-9a3f-cc6ad3a6a001';
  const to = { to: 'there', toId: null, toAt: null };
  order = { save, cluster: 'prod', snapshot: 'one', from, ...to, required: true, drop: [] };
});
afterEach(() => rmSync(folder, { recursive: true }));

async function open(name: string): Promise<Repository> {
  if (down.has(name)) throw new Failure('s3-unreachable', 'the network is down', { endpoint: name });
  return await openRepository(join(folder, name), { create: true });
}

async function add(changes: Partial<CopyOrder> = {}): Promise<void> {
  // The oldest is tried first.
  now += 1;
  await (await queue.add({ ...order, ...changes })).release();
}

test('what is due is copied from any that has it, and waits no more', async () => {
  await add();
  expect(await runQueue(context, queue, { open })).toMatchObject([{ outcome: 'copied', failure: null }]);
  expect((await queue.list()).items).toEqual([]);
  expect((await (await open('there')).snapshots()).snapshots).toMatchObject([{ name: 'one' }]);
  // The same once more, as after a kill between the copy and the end of its record.
  await add();
  expect(await runQueue(context, queue, { open })).toMatchObject([{ outcome: 'there' }]);
});

test('what fails waits for its time, and with `wait` until it is made', async () => {
  await add();
  down.add('there');
  expect(await runQueue(context, queue, { open })).toMatchObject([
    { outcome: 'failed', failure: { code: 's3-unreachable' }, item: { attempts: 1 } },
  ]);
  expect(await runQueue(context, queue, { open })).toEqual([]);
  const told: string[] = [];
  const runs = await runQueue(context, queue, { open, wait: true, onRun: (run) => told.push(run.outcome) });
  expect([told, slept, runs.length]).toEqual([['copied'], [15_000], 1]);
});

test('a snapshot that is gone everywhere is waited for no more, unless a repository could not be asked', async () => {
  await here.deleteSnapshot((await here.snapshot('one')).cluster.id, 'one');
  await add();
  down.add('here');
  expect(await runQueue(context, queue, { open })).toMatchObject([{ outcome: 'failed' }]);
  down.clear();
  now += 3_600_000;
  expect(await runQueue(context, queue, { open })).toMatchObject([{ outcome: 'gone' }]);
  expect((await queue.list()).items).toEqual([]);
});

test('a copy that was not to stay goes with the last that waits for it', async () => {
  await add({ drop: ['here'] });
  await add({ drop: ['here'], to: 'elsewhere' });
  const [first, second] = await runQueue(context, queue, { open });
  expect(first?.notes).toEqual([]);
  expect(second?.notes).toEqual(['the copy in here was removed, as was asked for']);
  expect((await here.snapshots()).snapshots).toEqual([]);
});

test('it stays while any required copy of its save waits, wherever each is copied from and whenever it was noted', async () => {
  const source = order.from[1]!;
  await add({ drop: ['here'], from: [source] });
  await add({ drop: ['here'], to: 'elsewhere' });
  await add({ drop: ['here'], to: 'best', required: false, from: [source] });
  down.add('elsewhere').add('best');
  expect(await runQueue(context, queue, { open })).toMatchObject([
    { outcome: 'copied', notes: [] },
    { outcome: 'failed' },
    { outcome: 'failed' },
  ]);
  expect((await here.snapshots()).snapshots).toHaveLength(1);
  down.delete('elsewhere');
  now += 3_600_000;
  expect(await runQueue(context, queue, { open })).toMatchObject([
    { outcome: 'copied', notes: ['the copy in here was removed, as was asked for'] },
    { outcome: 'failed' },
  ]);
  // What still waits was told where else it can be copied from.
  const [left] = (await queue.list()).items;
  expect(left!.from.map(({ repository }) => repository)).toEqual(['here', 'elsewhere']);
  down.clear();
  now += 3_600_000;
  expect(await runQueue(context, queue, { open })).toMatchObject([{ outcome: 'copied' }]);
  expect((await queue.list()).items).toEqual([]);
});

test('nothing is dropped while a record of the queue cannot be read, or another process works on a copy of the save', async () => {
  await add({ drop: ['here'] });
  const torn = join(folder, 'state', 'queue', 'torn.json');
  writeFileSync(torn, '{');
  expect(await runQueue(context, queue, { open })).toMatchObject([
    { outcome: 'copied', notes: [`the copy in here stays: the queue's record ${torn} cannot be read`] },
  ]);
  rmSync(torn);
  await add({ drop: ['here'], to: 'elsewhere' });
  const held = await queue.add({ ...order, drop: ['here'], to: 'best', required: false });
  expect(await runQueue(context, queue, { open })).toMatchObject([{ outcome: 'copied', notes: [] }]);
  await held.release();
  expect((await here.snapshots()).snapshots).toHaveLength(1);
});

test('of two that are made at the same moment one drops it', async () => {
  await add({ drop: ['here'] });
  await add({ drop: ['here'], to: 'elsewhere' });
  const { items } = await queue.list();
  // Each sees that the other still waits, before either is done.
  const both = Promise.withResolvers<void>();
  let looked = 0;
  class SlowQueue extends CopyQueue {
    #lists = 0;
    override async list() {
      const found = await super.list();
      this.#lists += 1;
      // Two times before there is a copy, and a third time when there is one.
      if (this.#lists === 3 && (looked += 1) === 2) both.resolve();
      if (this.#lists === 3) await both.promise;
      return found;
    }
  }
  const run = async (id: string) => {
    const mine = new SlowQueue(join(folder, 'state'), { clock, random: () => 0 });
    return await runQueue(context, mine, { open, only: [id] });
  };
  await Promise.all(items.map(({ id }) => run(id)));
  expect((await here.snapshots()).snapshots).toEqual([]);
});

const at = (_name: string): string => 'https://b s3://bucket';

describe('another repository than was meant', () => {
  const other = '0b9c1f8e-2f53-4b35-9a3f-cc6ad3a6a002';

  test('is never written into, by its id or else by where it is', async () => {
    await add({ toId: other });
    await add({ to: 'elsewhere', toAt: 'https://a s3://bucket' });
    await add({ to: 'best', toAt: at('best') });
    expect(await runQueue(context, queue, { open, at })).toMatchObject([
      { outcome: 'failed', failure: { code: 'repository-other' }, item: { attempts: 1 } },
      {
        failure: {
          code: 'repository-other',
          why: 'elsewhere is now at https://b s3://bucket, and https://a s3://bucket was meant',
        },
      },
      { outcome: 'copied' },
    ]);
    expect(await (await open('there')).clusters()).toEqual([]);
  });

  test('says nothing of the snapshot, which is waited for', async () => {
    const [, source] = order.from;
    await add({ from: [{ ...source!, id: other }] });
    await add({ from: [{ ...source!, cluster: other }] });
    expect(await runQueue(context, queue, { open })).toMatchObject([
      { outcome: 'failed', failure: { code: 'repository-other' } },
      { outcome: 'failed', failure: { code: 'cluster-missing' } },
    ]);
  });

  test('loses no copy', async () => {
    const [empty, source] = order.from;
    await add({ from: [source!, { ...empty!, id: other }], drop: ['nowhere'] });
    await storeSnapshot(
      await open('nowhere'),
      (await open('nowhere').then((each) => each.clusters()))[0]!,
      'one',
      Buffer.alloc(9),
    );
    const [run] = await runQueue(context, queue, { open });
    expect(run!.outcome).toBe('copied');
    expect(run!.notes[0]).toMatch(/^the copy in nowhere stays: nowhere opens /);
    expect((await (await open('nowhere')).snapshots()).snapshots).toHaveLength(1);
  });
});

test('those that are named, or all, are tried before their time, once', async () => {
  await add();
  await add({ to: 'elsewhere' });
  down.add('there').add('elsewhere');
  await runQueue(context, queue, { open });
  const [first, second] = (await queue.list()).items;
  const only = { open, only: [second!.id] };
  expect(await runQueue(context, queue, only)).toMatchObject([{ item: { id: second!.id, attempts: 2 } }]);
  expect(await runQueue(context, queue, { open, early: true })).toHaveLength(2);
  await expect(runQueue(context, queue, { open, only: ['gone'] })).rejects.toMatchObject({
    code: 'queue-missing',
  });
  down.clear();
  down.add('there');
  expect(await runQueue(context, queue, { ...only, wait: true })).toMatchObject([{ outcome: 'copied' }]);
  expect((await queue.list()).items).toMatchObject([{ id: first!.id }]);
});

test('no more are tried than asked for', async () => {
  await add();
  await add({ to: 'elsewhere' });
  expect(await runQueue(context, queue, { open, atMost: 1 })).toHaveLength(1);
  expect((await queue.list()).items).toHaveLength(1);
});
