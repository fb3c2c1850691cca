import { describe, expect, it } from 'vitest';
import type { OrderEvent } from '../orders.ts';
import { moment, operation, order, withCluster } from './samples.ts';
import type { Store } from '../store.ts';
import type { Opened } from './store-conformance.ts';

function event(n: number, type: OrderEvent['type'] = 'note', of = 'o-aaaaa'): OrderEvent {
  return { order: of, n, at: moment(n), type, data: { value: n } };
}

/** Orders, their outcomes and events. */
const begin = async (store: () => Store): Promise<void> => {
  await withCluster(store());
  await store().operations.create(operation('op-aaaaa'));
  await store().operations.create(operation('op-bbbbb'));
};
const rings = (store: () => Store): string[] => {
  const rung: string[] = [];
  for (const topic of ['node', 'order', 'operation'] as const)
    store().bell.on(topic, (id) => rung.push(`${topic} ${id}`));
  return rung;
};

export function ordersConformance(opened: Opened): void {
  describe('orders', () => {
    orders(opened);
  });
  describe('events of orders', () => {
    events(opened);
  });
}

function orders({ store, other }: Opened): void {
  it('are made once for each key of an operation', async () => {
    await begin(store);
    const rung = rings(store);
    const tables = [store(), await other()];
    const made = await Promise.all(
      Array.from({ length: 8 }, async (_, n) => tables[n % 2]!.orders.create(order(`o-0000${n}`), 'key')),
    );
    const first = made[0]!.order;
    expect(made.every((each) => each.order.id === first.id)).toBe(true);
    expect(made[0]).toEqual({ order: first, cancelled: false, outcome: null, settledAt: null });
    expect(rung).toContain('node n-aaaaa');
    const elsewhere = await store().orders.create(order('o-bbbbb', { operation: 'op-bbbbb' }), 'key');
    expect(elsewhere.order.id).toBe('o-bbbbb');
    const orphan = store().orders.create(order('o-ccccc', { operation: 'op-zzzzz' }), 'key');
    await expect(orphan).rejects.toMatchObject({ code: 'operation-unknown' });
  });

  it('are open for their node, oldest first, until the first outcome', async () => {
    await begin(store);
    const { orders } = store();
    await orders.create(order('o-aaaaa', { createdAt: moment(2) }), 'a');
    await orders.create(order('o-bbbbb', { createdAt: moment(1) }), 'b');
    await orders.create(order('o-ccccc', { node: 'n-bbbbb' }), 'c');
    const open = async () => (await orders.open('n-aaaaa')).map((each) => each.order.id);
    expect(await open()).toEqual(['o-bbbbb', 'o-aaaaa']);
    const rung = rings(store);
    const done = { outcome: 'done', result: { snapshot: 's' } } as const;
    expect(await orders.settle('o-aaaaa', done, moment(5))).toBe(true);
    expect(rung).toEqual(['order o-aaaaa', 'operation op-aaaaa']);
    expect(await orders.settle('o-aaaaa', { outcome: 'cancelled' }, moment(6))).toBe(false);
    expect(await orders.settle('o-zzzzz', done, moment(6))).toBe(false);
    expect(rung).toHaveLength(2);
    expect(await orders.get('o-aaaaa')).toMatchObject({
      outcome: done,
      settledAt: moment(5),
      cancelled: false,
    });
    expect(await open()).toEqual(['o-bbbbb']);
    await orders.cancel('o-bbbbb');
    expect(rung.at(-1)).toBe('node n-aaaaa');
    expect(await orders.open('n-aaaaa')).toMatchObject([{ cancelled: true, outcome: null }]);
    const all = await orders.ofOperation('op-aaaaa');
    expect(all.map((each) => each.order.id)).toEqual(['o-ccccc', 'o-bbbbb', 'o-aaaaa']);
    await orders.removeOf('op-aaaaa');
    expect(await orders.ofOperation('op-aaaaa')).toEqual([]);
  });

  it('of many outcomes at once, one counts', async () => {
    await begin(store);
    await store().orders.create(order('o-aaaaa'), 'a');
    const tables = [store(), await other()];
    const settled = await Promise.all(
      Array.from({ length: 8 }, async (_, n) =>
        tables[n % 2]!.orders.settle('o-aaaaa', { outcome: 'done', result: { n } }, moment(n)),
      ),
    );
    expect(settled.filter(Boolean)).toHaveLength(1);
    const winner = settled.indexOf(true);
    expect(await store().orders.get('o-aaaaa')).toMatchObject({ outcome: { result: { n: winner } } });
  });
}

function events({ store, other }: Opened): void {
  it('are stored once each, in their order, without holes', async () => {
    await begin(store);
    const { orders } = store();
    await orders.create(order('o-aaaaa'), 'a');
    await orders.create(order('o-bbbbb'), 'b');
    expect(await orders.tell([event(1)])).toEqual(new Map());
    const rung = rings(store);
    const some = [event(2, 'record'), event(0, 'record'), event(1), event(4), event(0, 'note', 'o-bbbbb')];
    const expected = new Map([
      ['o-aaaaa', 2],
      ['o-bbbbb', 0],
    ]);
    expect(await orders.tell([...some, event(0, 'note', 'o-zzzzz')])).toEqual(expected);
    expect(rung).toEqual(['order o-aaaaa', 'operation op-aaaaa', 'order o-bbbbb', 'operation op-aaaaa']);
    expect(await orders.tell(some)).toEqual(expected);
    expect(rung).toHaveLength(4);
    expect((await orders.tell([event(3), event(4), event(4)])).get('o-aaaaa')).toBe(4);
    const all = await orders.events('o-aaaaa', 0);
    expect(all).toEqual([event(0, 'record'), event(1), event(2, 'record'), event(3), event(4)]);
    expect(await orders.events('o-aaaaa', 3)).toEqual(all.slice(3));
  });

  it('of progress only the newest is kept, beside the others', async () => {
    await begin(store);
    const { orders } = store();
    await orders.create(order('o-aaaaa'), 'a');
    expect(await orders.progress('o-aaaaa')).toBeUndefined();
    await orders.tell([event(0, 'progress'), event(1), event(2, 'progress'), event(3, 'record')]);
    expect(await orders.progress('o-aaaaa')).toEqual(event(2, 'progress'));
    expect(await orders.events('o-aaaaa', 0)).toEqual([event(1), event(3, 'record')]);
    await orders.tell([event(4, 'progress')]);
    expect(await orders.progress('o-aaaaa')).toEqual(event(4, 'progress'));
  });

  it('told twice at once are stored once', async () => {
    await begin(store);
    await store().orders.create(order('o-aaaaa'), 'a');
    const tables = [store(), await other()];
    const events = Array.from({ length: 20 }, (_, n) => event(n, 'record'));
    const told = await Promise.all(
      Array.from({ length: 6 }, async (_, n) => tables[n % 2]!.orders.tell(events.slice(0, 10 + 2 * n))),
    );
    expect(Math.max(...told.map((each) => each.get('o-aaaaa') ?? -1))).toBe(19);
    expect(await store().orders.events('o-aaaaa', 0)).toEqual(events);
  });
}
