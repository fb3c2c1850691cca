import { describe, expect, it } from 'vitest';
import { moment, policy, withCluster } from './samples.ts';
import type { Opened } from './store-conformance.ts';

/** Policies, and when their jobs are due. */
export function policiesConformance(opened: Opened): void {
  describe('policies', () => {
    policies(opened);
    due(opened);
  });
}

function policies({ store }: Opened): void {
  it('are made and changed by version, and keep what was run', async () => {
    const { policies } = store();
    const cluster = await withCluster(store());
    const times = { last: {}, next: { save: moment(10) } };
    const made = await policies.put(cluster, null, policy('daily', { note: 1 }), times, moment(0));
    const stored = { cluster, policy: policy('daily', { note: 1 }), version: 1, times, lastOutcome: null };
    expect(made).toEqual({ put: { ...stored, createdAt: moment(0), updatedAt: moment(0) }, isNew: true });
    const ran = { last: { save: moment(10) }, next: { save: moment(20) } };
    expect(await policies.advance(cluster, 'daily', times, ran)).toBe(true);
    await policies.setOutcome(cluster, 'daily', 'partial');
    const next = { last: {}, next: { check: moment(15) } };
    const put = await policies.put(cluster, 1, policy('daily'), next, moment(5));
    expect(put).toMatchObject({
      isNew: false,
      put: {
        version: 2,
        updatedAt: moment(5),
        lastOutcome: 'partial',
        times: { last: ran.last, next: next.next },
      },
    });
    expect(await policies.get(cluster, 'daily')).toEqual('put' in put ? put.put : undefined);
    expect(await policies.put(cluster, 1, policy('daily'), next, moment(6))).toMatchObject({
      conflict: { version: 2 },
    });
    expect(await policies.put(cluster, null, policy('daily'), next, moment(6))).toMatchObject({
      isNew: false,
    });
    await expect(policies.put(cluster, 1, policy('other'), next, moment(6))).rejects.toMatchObject({
      code: 'policy-unknown',
    });
    await expect(policies.put('c-zzzzz', null, policy('x'), next, moment(6))).rejects.toMatchObject({
      code: 'cluster-unknown',
    });
  });

  it('are told by cluster and name, and removed', async () => {
    const { policies } = store();
    for (const id of ['c-bbbbb', 'c-aaaaa']) {
      await withCluster(store(), id);
      for (const name of ['two', 'one'])
        await policies.put(id, null, policy(name), { last: {}, next: {} }, moment(0));
    }
    const names = (await policies.all()).map((each) => `${each.cluster} ${each.policy.name}`);
    expect(names).toEqual(['c-aaaaa one', 'c-aaaaa two', 'c-bbbbb one', 'c-bbbbb two']);
    expect((await policies.ofCluster('c-aaaaa')).map((each) => each.policy.name)).toEqual(['one', 'two']);
    expect([await policies.remove('c-aaaaa', 'one'), await policies.remove('c-aaaaa', 'one')]).toEqual([
      true,
      false,
    ]);
    expect(await policies.get('c-aaaaa', 'one')).toBeUndefined();
    expect(await policies.get('c-bbbbb', 'one')).toBeDefined();
  });
}

function due({ store, other }: Opened): void {
  it('are due when any of their jobs is, the longest due first', async () => {
    const { policies } = store();
    const cluster = await withCluster(store());
    expect(await policies.nextDueAt()).toBeNull();
    const put = async (name: string, next: object): Promise<void> => {
      await policies.put(cluster, null, policy(name), { last: {}, next }, moment(0));
    };
    await put('never', {});
    await put('late', { save: moment(30), drill: moment(5) });
    await put('soon', { save: moment(3) });
    await put('far', { check: moment(100) });
    const due = async (at: number, limit = 9) =>
      (await policies.dueAt(moment(at), limit)).map((each) => each.policy.name);
    expect(await policies.nextDueAt()).toBe(moment(3));
    expect(await due(2)).toEqual([]);
    expect(await due(5)).toEqual(['soon', 'late']);
    expect(await due(500, 2)).toEqual(['soon', 'late']);
    await put('soon', {});
    expect(await policies.nextDueAt()).toBe(moment(5));
  });

  it('move on once, whoever asks', async () => {
    const cluster = await withCluster(store());
    const from = { last: {}, next: { save: moment(1), check: moment(2) } };
    await store().policies.put(cluster, null, policy('daily'), from, moment(0));
    const tables = [store(), await other()];
    const same = { next: { check: moment(2), save: moment(1) }, last: {} };
    const moved = await Promise.all(
      Array.from({ length: 8 }, async (_, n) =>
        tables[n % 2]!.policies.advance(cluster, 'daily', same, {
          last: { save: moment(1) },
          next: { save: moment(9), check: moment(2) },
        }),
      ),
    );
    expect(moved.filter(Boolean)).toHaveLength(1);
    expect(await store().policies.nextDueAt()).toBe(moment(2));
  });
}
