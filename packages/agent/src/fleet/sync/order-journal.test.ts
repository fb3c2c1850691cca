import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@holdfast/base';
import type { Order, OrderOutcome } from '@holdfast/model/fleet';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { orderOf } from '../testing/orders.ts';
import { OrderJournal, type KeptOrder } from './order-journal.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-orders-'));
});
const opened: OrderJournal[] = [];
afterEach(async () => {
  for (const journal of opened.splice(0)) await journal.close();
  rmSync(folder, { recursive: true, force: true });
});

const done: OrderOutcome = { outcome: 'done', result: { note: 'well' } };
const order: Order = orderOf('o-first', 'verify', { repository: 'r', cluster: 'c', snapshot: 's' });
const path = (): string => join(folder, 'o-first.log');

async function reopened(): Promise<OrderJournal> {
  const { journal } = await OrderJournal.open(folder, systemClock);
  opened.push(journal);
  return journal;
}

/** Everything that happens to an order. */
async function whole(journal: OrderJournal, after: () => void): Promise<void> {
  const acts: (() => Promise<unknown>)[] = [
    () => journal.receive(order),
    () => journal.begin(order.id),
    () => journal.event(order.id, 'note', { text: 'on its way' }),
    () => journal.event(order.id, 'record', { record: { n: 0 } }),
    () => journal.storedUpTo(order.id, 0),
    () => journal.end(order.id, done),
    () => journal.storedUpTo(order.id, 1),
    () => journal.storedOutcome(order.id),
  ];
  for (const act of acts) {
    await act();
    after();
  }
}

test('what was noted is known again, by this user alone', async () => {
  const journal = await reopened();
  await whole(journal, () => {});
  await journal.close();
  const kept = (await reopened()).get(order.id);
  expect(kept).toMatchObject({ order, begun: true, storedEvents: 2, outcome: done, outcomeStored: true });
  expect(kept?.events.map(({ n, type }) => [n, type])).toEqual([
    [0, 'note'],
    [1, 'record'],
  ]);
  expect(statSync(path()).mode & 0o777).toBe(0o600);
});

test('killed within or between any two writes, it is as it was before or after that write, and goes on', async () => {
  const journal = await reopened();
  const states: (KeptOrder | undefined)[] = [undefined];
  const lengths: number[] = [0];
  await whole(journal, () => {
    states.push(structuredClone(journal.get(order.id)));
    lengths.push(statSync(path()).size);
  });
  await journal.close();
  const bytes = readFileSync(path());
  // Every boundary between two writes with what lies right beside it, and some places within.
  const places = new Set(lengths.flatMap((length) => [length - 1, length, length + 1, length + 40]));
  for (const at of [...places].filter((place) => place >= 0 && place <= bytes.length)) {
    writeFileSync(path(), bytes.subarray(0, at));
    const again = await reopened();
    const before = lengths.findLastIndex((length) => length <= at);
    const { endedAt: _, ...expected } = states[before] ?? {};
    if (states[before] === undefined) expect(again.get(order.id)).toBeUndefined();
    else expect(again.get(order.id)).toMatchObject(expected);
    await again.receive(order);
    await again.event(order.id, 'note', { text: 'after' });
    await again.close();
    const third = await reopened();
    expect(third.get(order.id)?.events.at(-1)?.data).toEqual({ text: 'after' });
    await third.close();
  }
});

test('an order is taken once, and told of in the order of their making', async () => {
  const journal = await reopened();
  const later = { ...order, id: 'o-later', createdAt: '2026-11-20T11:00:00.000Z' };
  expect(await journal.receive(later)).toBe(true);
  expect(await journal.receive(order)).toBe(true);
  expect(await journal.receive(order)).toBe(false);
  expect(journal.open.map((kept) => kept.order.id)).toEqual(['o-first', 'o-later']);
  await journal.close();
});

test('a record that was damaged is put aside, and its order taken anew', async () => {
  const journal = await reopened();
  await whole(journal, () => {});
  await journal.close();
  const text = readFileSync(path(), 'utf8');
  writeFileSync(path(), text.replace('"begun"', '"bogus"'));
  const { journal: again, damaged } = await OrderJournal.open(folder, systemClock);
  expect(damaged).toEqual(['o-first.log']);
  expect(readFileSync(`${path()}.damaged`, 'utf8')).toContain('bogus');
  expect(await again.receive(order)).toBe(true);
  await again.close();
});

test('what is over and stored is forgotten after a day, and nothing else', async () => {
  let now = new Date('2026-11-20T10:00:00Z');
  const clock = { ...systemClock, now: () => now };
  const { journal } = await OrderJournal.open(folder, clock);
  await whole(journal, () => {});
  await journal.receive({ ...order, id: 'o-untold' });
  await journal.end('o-untold', done);
  await journal.prune();
  expect(journal.get(order.id)).toBeDefined();
  now = new Date('2026-11-21T11:00:00Z');
  await journal.prune();
  expect(journal.get(order.id)).toBeUndefined();
  expect(journal.get('o-untold')).toBeDefined();
  await journal.close();
  expect((await reopened()).open).toHaveLength(1);
});

test('an order that cannot be noted is refused; what another node asks for in a restore is taken in all the same', async () => {
  const journal = await reopened();
  const call = orderOf('o-call', 'node', { call: 'observe' });
  // Nothing can be written there.
  for (const id of [order.id, call.id]) mkdirSync(join(folder, `${id}.log`));
  await expect(journal.receive(order)).rejects.toMatchObject({ code: 'file-unwritable' });
  expect(journal.open).toEqual([]);
  const failed: OrderOutcome = {
    outcome: 'failed',
    failure: { code: 'file-unwritable', what: 'x', why: 'y', next: 'z', details: {} },
  };
  journal.refuse(order, failed);
  expect(await journal.receive(order)).toBe(false);
  expect(journal.open).toMatchObject([{ order, outcome: failed }]);
  await journal.storedOutcome(order.id);
  expect(journal.open).toEqual([]);

  expect(await journal.receive(call)).toBe(true);
  await journal.begin(call.id);
  await journal.event(call.id, 'progress', { done: 1 });
  await journal.end(call.id, done);
  expect(journal.open).toMatchObject([{ order: call, begun: true, outcome: done, events: [{ n: 0 }] }]);
  await journal.storedOutcome(call.id);
  expect(journal.open).toEqual([]);
});
