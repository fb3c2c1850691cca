import { describe, expect, it } from 'vitest';
import { moment, operation, withCluster } from './samples.ts';
import type { Opened } from './store-conformance.ts';

/** Who carries operations on. */
const ids = (claimed: readonly { readonly id: string }[]): string[] => claimed.map(({ id }) => id);

export function claimsConformance(opened: Opened): void {
  describe('claims', () => {
    claims(opened);
  });
}

function claims({ store, other }: Opened): void {
  it('give each of 200 operations to one of 8 runners, once', async () => {
    await withCluster(store());
    await store().transaction(async ({ operations }) => {
      for (let n = 0; n < 200; n++)
        await operations.create(operation(`op-${String(n).padStart(5, '0')}`, { createdAt: moment(n % 7) }));
    });
    const replicas = [store(), await other()];
    const claimed = await Promise.all(
      Array.from({ length: 8 }, async (_, n) => {
        const own: string[] = [];
        for (let misses = 0; misses < 3;) {
          const { operations } = replicas[n % 2]!;
          const some = await operations.claim(`runner-${n}`, moment(0), moment(60), 1 + (n % 4));
          own.push(...ids(some));
          expect(some.length).toBeLessThanOrEqual(1 + (n % 4));
          misses = some.length === 0 ? misses + 1 : 0;
        }
        return own;
      }),
    );
    expect(claimed.flat()).toHaveLength(200);
    expect(new Set(claimed.flat()).size).toBe(200);
  });

  it('are for those that wait or run, the oldest first', async () => {
    const { operations } = store();
    await withCluster(store());
    const states = ['waiting', 'running', 'stuck', 'succeeded', 'cancelled'] as const;
    for (const [n, state] of states.entries())
      await operations.create(operation(`op-0000${n}`, { state, createdAt: moment(10 - n) }));
    expect(ids(await operations.claim('r', moment(0), moment(1), 9))).toEqual(['op-00001', 'op-00000']);
    expect(await operations.claim('r', moment(0), moment(1), 9)).toEqual([]);
  });

  it('end by themselves, are renewed, and are let go, also until a moment', async () => {
    const { operations } = store();
    await withCluster(store());
    await operations.create(operation('op-aaaaa'));
    await operations.create(operation('op-bbbbb'));
    expect(ids(await operations.claim('first', moment(0), moment(10), 9))).toEqual(['op-aaaaa', 'op-bbbbb']);
    expect(await operations.claim('second', moment(9), moment(19), 9)).toEqual([]);
    expect(await operations.renew('first', ['op-aaaaa', 'op-zzzzz'], moment(20))).toEqual(['op-aaaaa']);
    expect(await operations.renew('second', ['op-aaaaa'], moment(20))).toEqual([]);
    expect(await operations.renew('second', [], moment(20))).toEqual([]);
    expect(ids(await operations.claim('second', moment(10), moment(30), 9))).toEqual(['op-bbbbb']);
    expect((await operations.renew('first', ['op-aaaaa', 'op-bbbbb'], moment(20))).toSorted()).toEqual([
      'op-aaaaa',
    ]);
    await operations.unclaim('first', 'op-bbbbb');
    expect(await operations.claim('third', moment(10), moment(30), 9)).toEqual([]);
    await operations.unclaim('second', 'op-bbbbb');
    expect(ids(await operations.claim('third', moment(10), moment(90), 9))).toEqual(['op-bbbbb']);
    await operations.unclaim('first', 'op-aaaaa', moment(40));
    expect(await operations.claim('third', moment(39), moment(50), 9)).toEqual([]);
    expect(ids(await operations.claim('first', moment(40), moment(50), 9))).toEqual(['op-aaaaa']);
  });
}
