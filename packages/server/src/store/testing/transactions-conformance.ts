import { describe, expect, it } from 'vitest';
import { clusterSpec, moment, order, operation, withCluster } from './samples.ts';
import type { Opened } from './store-conformance.ts';

/** What is all or nothing, who hears of it, and what lasts. */
export function transactionsConformance(opened: Opened): void {
  describe('transactions', () => {
    transactions(opened);
  });
  describe('the bell', () => {
    bell(opened);
  });
  describe('the database', () => {
    database(opened);
  });
}

function transactions({ store, other }: Opened): void {
  it('are all or nothing', async () => {
    const failing = store().transaction(async (tables) => {
      await tables.clusters.create({ id: 'c-aaaaa', spec: clusterSpec('a'), createdAt: moment(0) });
      expect(await tables.clusters.get('c-aaaaa')).toBeDefined();
      throw new Error('changed my mind');
    });
    await expect(failing).rejects.toThrow('changed my mind');
    expect(await store().clusters.all()).toEqual([]);
    const result = await store().transaction(async (tables) => {
      await tables.clusters.create({ id: 'c-aaaaa', spec: clusterSpec('a'), createdAt: moment(0) });
      return 'done';
    });
    expect(result).toBe('done');
    expect(await store().clusters.all()).toHaveLength(1);
  });

  it('go as if nothing else went on meanwhile', async () => {
    await withCluster(store());
    const stores = [store(), await other()];
    // Each counts what is there and adds one of that number: two that saw the same would make the same.
    await Promise.all(
      Array.from({ length: 12 }, async (_, n) =>
        stores[n % 2]!.transaction(async ({ operations }) => {
          const count = (await operations.list({ limit: 100, clusters: null })).items.length;
          await operations.create(operation(`op-0000${n.toString(36)}`, { why: String(count) }));
        }),
      ),
    );
    const { items } = await store().operations.list({ limit: 100, clusters: null });
    expect(items.map(({ why }) => Number(why)).toSorted((a, b) => a - b)).toEqual(
      Array.from({ length: 12 }, (_, n) => n),
    );
  });

  it('keep what others ask meanwhile apart', async () => {
    const inside = Promise.withResolvers<void>();
    const going = Promise.withResolvers<void>();
    const failing = store().transaction(async (tables) => {
      await tables.settings.set('mine', Uint8Array.of(1));
      inside.resolve();
      await going.promise;
      throw new Error('no');
    });
    await inside.promise;
    const meanwhile = store().settings.set('theirs', Uint8Array.of(2));
    const seen = store().settings.get('mine');
    going.resolve();
    await expect(failing).rejects.toThrow('no');
    await meanwhile;
    expect(await seen).toBeUndefined();
    expect(await store().settings.get('theirs')).toEqual(Uint8Array.of(2));
  });

  it('ask nothing but their own tables', async () => {
    const wrong = store().transaction(async () => store().clusters.all());
    await expect(wrong).rejects.toThrow('only its own tables');
    expect(await store().clusters.all()).toEqual([]);
  });

  it('ring when they are over, and not at all when they failed', async () => {
    await withCluster(store());
    await store().operations.create(operation('op-aaaaa'));
    const rung: string[] = [];
    store().bell.on('node', (id) => rung.push(id));
    await store().transaction(async ({ orders }) => {
      await orders.create(order('o-aaaaa'), 'a');
      expect(rung).toEqual([]);
    });
    expect(rung).toEqual(['n-aaaaa']);
    const failing = store().transaction(async ({ orders }) => {
      await orders.create(order('o-bbbbb', { node: 'n-bbbbb' }), 'b');
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    expect(rung).toEqual(['n-aaaaa']);
  });
}

function bell({ store, other }: Opened): void {
  it('is heard by whoever waits for it, until they do not', async () => {
    const heard: string[] = [];
    const replica = await other();
    const here = Promise.withResolvers<void>();
    const end = replica.bell.on('operation', (id) => {
      heard.push(id);
      here.resolve();
    });
    replica.bell.on('cluster', () => heard.push('cluster'));
    store().bell.ring('operation', 'op-aaaaa');
    await here.promise;
    expect(heard).toEqual(['op-aaaaa']);
    end();
    replica.bell.ring('operation', 'op-bbbbb');
    replica.bell.ring('cluster', 'c-aaaaa');
    expect(heard).toEqual(['op-aaaaa', 'cluster']);
  });
}

function database({ store, reopened }: Opened): void {
  it('answers, and is as it was when it is opened again', async () => {
    await store().ping();
    await withCluster(store());
    await store().settings.set('x', Uint8Array.of(7));
    const again = await reopened();
    await again.ping();
    expect(await again.clusters.all()).toHaveLength(1);
    expect(await again.settings.get('x')).toEqual(Uint8Array.of(7));
  });
}
