import type { OperationEvent } from '@holdfast/model/fleet';
import { describe, expect, it } from 'vitest';
import { moment, operation, order, withCluster } from './samples.ts';
import type { Opened } from './store-conformance.ts';

const event = (type: OperationEvent['type'], value: number) => {
  return { at: moment(value), type, data: { value } };
};

/** Operations, but for who carries them on. */
export function operationsConformance(opened: Opened): void {
  describe('operations', () => {
    making(opened);
    listing(opened);
  });
  describe('changes of operations', () => {
    changing(opened);
  });
  describe('ended operations', () => {
    ended(opened);
  });
}

function making({ store, other, reopened }: Opened): void {
  it('are made once for each policy, kind and due time, whoever schedules', async () => {
    await withCluster(store());
    await withCluster(store(), 'c-bbbbb');
    const due = { policy: 'daily', scheduledFor: moment(60), trigger: 'schedule' } as const;
    const tables = [store(), await other()];
    const made = await Promise.all(
      Array.from({ length: 10 }, async (_, n) =>
        tables[n % 2]!.operations.create(operation(`op-0000${n}`, due)),
      ),
    );
    expect(made.filter(({ isNew }) => isNew)).toHaveLength(1);
    expect(new Set(made.map(({ operation }) => operation.id)).size).toBe(1);
    const others = [
      operation('op-bbbbb', { ...due, cluster: 'c-bbbbb' }),
      operation('op-ccccc', { ...due, kind: 'check' }),
      operation('op-ddddd', { ...due, policy: 'hourly' }),
      operation('op-eeeee', { ...due, scheduledFor: moment(61) }),
      operation('op-fffff', { policy: 'daily' }),
      operation('op-ggggg', { policy: 'daily' }),
    ];
    for (const each of others)
      expect(await store().operations.create(each)).toEqual({ operation: each, isNew: true });
  });

  it('are whole after the store was closed', async () => {
    await withCluster(store());
    const made = operation('op-aaaaa', {
      steps: [{ number: 1, phase: 'Started', kind: 'fence', member: 'm0', state: 'begun', at: moment(1) }],
      failure: { code: 'x', what: 'w', why: 'é "', next: 'n', details: { a: 1, b: null } },
      result: { deep: { list: [1, 'two', null] } },
    });
    await store().operations.create(made);
    expect(await (await reopened()).operations.get('op-aaaaa')).toEqual(made);
    expect(await store().operations.get('op-zzzzz')).toBeUndefined();
  });
}

function listing({ store }: Opened): void {
  it('are listed newest first, page by page, while others are added', async () => {
    const { operations } = store();
    await withCluster(store());
    for (let n = 0; n < 7; n++)
      await operations.create(operation(`op-0000${n}`, { createdAt: moment(Math.floor(n / 3)) }));
    const ids: string[] = [];
    let after: string | undefined;
    do {
      const page = await operations.list({ limit: 2, clusters: null, after });
      ids.push(...page.items.map(({ id }) => id));
      await operations.create(operation(`op-new0${ids.length}`, { createdAt: moment(99) }));
      after = page.next ?? undefined;
    } while (after !== undefined);
    expect(ids).toEqual([6, 5, 4, 3, 2, 1, 0].map((n) => `op-0000${n}`));
  });

  it('are filtered by cluster, kind and state; open are those that are not over', async () => {
    const { operations } = store();
    await withCluster(store());
    await withCluster(store(), 'c-bbbbb');
    await operations.create(operation('op-aaaaa', { state: 'stuck', kind: 'restore', createdAt: moment(3) }));
    await operations.create(operation('op-bbbbb', { cluster: 'c-bbbbb' }));
    await operations.create(operation('op-ccccc', { state: 'succeeded', endedAt: moment(1) }));
    await operations.create(operation('op-ddddd', { state: 'running', createdAt: moment(2) }));
    const list = async (filter: object) =>
      (await operations.list({ limit: 9, clusters: null, ...filter })).items.map(({ id }) => id);
    expect(await list({})).toEqual(['op-aaaaa', 'op-ddddd', 'op-ccccc', 'op-bbbbb']);
    expect(await list({ clusters: ['c-bbbbb', 'c-zzzzz'] })).toEqual(['op-bbbbb']);
    expect(await list({ clusters: [] })).toEqual([]);
    expect(await list({ kind: 'save', state: 'waiting' })).toEqual(['op-bbbbb']);
    expect((await operations.open('c-aaaaa')).map(({ id }) => id)).toEqual(['op-ddddd', 'op-aaaaa']);
  });
}

function changing({ store, other }: Opened): void {
  it('are all or nothing with their events, which are numbered without holes', async () => {
    const { operations } = store();
    await withCluster(store());
    await operations.create(operation('op-aaaaa'));
    const rung: string[] = [];
    store().bell.on('operation', (id) => rung.push(id));
    const started = { state: 'running', startedAt: moment(1), node: 'n-aaaaa' } as const;
    const changed = await operations.change('op-aaaaa', null, started, [event('state', 1), event('note', 2)]);
    expect(changed).toEqual(operation('op-aaaaa', started));
    expect(rung).toEqual(['op-aaaaa']);
    expect(await operations.get('op-aaaaa')).toEqual(changed);
    expect(
      await operations.change('op-aaaaa', null, { why: 'x' }, [event('note', 3)], ['waiting']),
    ).toBeUndefined();
    expect(await operations.change('op-zzzzz', null, { why: 'x' })).toBeUndefined();
    expect(rung).toHaveLength(1);
    const tables = [store(), await other()];
    const writers = Array.from({ length: 12 }, async (_, n) =>
      tables[n % 2]!.operations.change(
        'op-aaaaa',
        null,
        {},
        [event('record', n), event('record', n)],
        ['running'],
      ),
    );
    await Promise.all(writers);
    const all = await operations.events('op-aaaaa', 0, 100);
    expect(all.map(({ n }) => n)).toEqual(Array.from({ length: 26 }, (_, n) => n));
    expect(all[0]).toEqual({ operation: 'op-aaaaa', n: 0, ...event('state', 1) });
    expect(await operations.events('op-aaaaa', 24, 1)).toEqual([all[24]]);
  });

  it('keep of progress only the newest, after the event that it followed', async () => {
    const { operations } = store();
    await withCluster(store());
    await operations.create(operation('op-aaaaa'));
    await operations.change('op-aaaaa', null, {}, [event('progress', 0)]);
    expect(await operations.events('op-aaaaa', 0, 9)).toEqual([]);
    await operations.change('op-aaaaa', null, {}, [event('state', 1), event('progress', 2)]);
    await operations.change('op-aaaaa', null, {}, [event('progress', 3)]);
    const told = async (from: number, limit = 9) =>
      (await operations.events('op-aaaaa', from, limit)).map(({ n, type, data }) => [n, type, data['value']]);
    expect(await told(0)).toEqual([
      [0, 'state', 1],
      [0, 'progress', 3],
    ]);
    expect(await told(0, 1)).toEqual([[0, 'state', 1]]);
    expect(await told(1)).toEqual([[0, 'progress', 3]]);
    await operations.change('op-aaaaa', null, {}, [event('note', 4)]);
    expect(await told(0)).toEqual([
      [0, 'state', 1],
      [1, 'note', 4],
    ]);
    expect(await told(2)).toEqual([]);
  });

  it('are only for the runner that has it claimed', async () => {
    const { operations } = store();
    await withCluster(store());
    await operations.create(operation('op-aaaaa'));
    await operations.claim('first', moment(0), moment(10), 5);
    expect(await operations.change('op-aaaaa', 'second', { why: 'x' })).toBeUndefined();
    expect(await operations.change('op-aaaaa', 'first', { why: 'y' })).toMatchObject({ why: 'y' });
    await operations.claim('second', moment(10), moment(20), 5);
    expect(await operations.change('op-aaaaa', 'first', { why: 'z' }, [event('note', 1)])).toBeUndefined();
    expect(await operations.change('op-aaaaa', 'second', { why: 'z' })).toMatchObject({ why: 'z' });
    expect(await operations.events('op-aaaaa', 0, 9)).toEqual([]);
  });
}

const over = (n: number, changed: object = {}) =>
  operation(`op-0000${n}`, { state: 'succeeded', createdAt: moment(n), endedAt: moment(n), ...changed });

function ended({ store }: Opened): void {
  it('go after a while, but for the newest of each cluster and kind', async () => {
    const { operations, orders } = store();
    await withCluster(store());
    await withCluster(store(), 'c-bbbbb');
    for (let n = 0; n < 5; n++) await operations.create(over(n));
    await operations.create(over(5, { kind: 'check', createdAt: moment(0), endedAt: moment(0) }));
    await operations.create(over(6, { cluster: 'c-bbbbb', createdAt: moment(0), endedAt: moment(0) }));
    await operations.create(operation('op-00007', { state: 'running' }));
    await orders.create(order('o-aaaaa', { operation: 'op-00000' }), 'k');
    expect(await operations.removeEnded(moment(3), 1)).toBe(3);
    const left = (await operations.list({ limit: 20, clusters: null })).items.map(({ id }) => id);
    expect(left.sort()).toEqual([3, 4, 5, 6, 7].map((n) => `op-0000${n}`));
    expect(await orders.get('o-aaaaa')).toBeUndefined();
    expect(await operations.removeEnded(moment(9), 3)).toBe(0);
  });

  it('are told by policy: how the last one ended, and when one has last succeeded', async () => {
    const { operations } = store();
    await withCluster(store());
    const drill = { kind: 'drill', policy: 'daily' } as const;
    await operations.create(operation('op-aaaaa', { ...drill, state: 'succeeded', endedAt: moment(1) }));
    await operations.create(
      operation('op-bbbbb', { ...drill, state: 'failed', endedAt: moment(2), why: 'broken' }),
    );
    await operations.create(operation('op-ccccc', { ...drill, state: 'running' }));
    await operations.create(
      operation('op-ddddd', { ...drill, policy: 'other', state: 'failed', endedAt: moment(3) }),
    );
    await operations.create(
      operation('op-eeeee', { ...drill, policy: null, state: 'failed', endedAt: moment(3) }),
    );
    await operations.create(
      operation('op-fffff', { policy: 'daily', state: 'succeeded', endedAt: moment(9) }),
    );
    const last = await operations.lastEnded('drill');
    expect(last.toSorted((a, b) => (a.policy < b.policy ? -1 : 1))).toEqual([
      ...[
        {
          cluster: 'c-aaaaa',
          policy: 'daily',
          state: 'failed',
          endedAt: moment(2),
          why: 'broken',
          succeededAt: moment(1),
        },
      ],
      ...[
        {
          cluster: 'c-aaaaa',
          policy: 'other',
          state: 'failed',
          endedAt: moment(3),
          why: '',
          succeededAt: null,
        },
      ],
    ]);
  });
}
