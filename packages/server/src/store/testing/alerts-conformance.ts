import { describe, expect, it } from 'vitest';
import { alert, moment, withCluster } from './samples.ts';
import type { Opened } from './store-conformance.ts';

/** Alerts, who is told of them, and what still has to be told. */
const receiver = (id: string, kind: 'webhook' | 'heartbeat' = 'webhook') => {
  return { id, spec: { kind, name: id }, sealed: Uint8Array.of(1, 2, 250) };
};

export function alertsConformance(opened: Opened): void {
  describe('alerts', () => {
    alerts(opened);
  });
  describe('notices', () => {
    notices(opened);
  });
  describe('receivers', () => {
    receivers(opened);
  });
}

function alerts({ store, other }: Opened): void {
  it('fire once and resolve once, whoever looks', async () => {
    await withCluster(store());
    await store().receivers.create(receiver('r-aaaaa'));
    const stores = [store(), await other()];
    const all = async (fired: object[], resolved: object[]) =>
      Promise.all(
        Array.from({ length: 6 }, async (_, n) =>
          stores[n % 2]!.alerts.change(fired as never, resolved as never, moment(n)),
        ),
      );
    await all([alert('a'), alert('b')], []);
    expect((await store().alerts.open()).map(({ key }) => key)).toEqual(['a', 'b']);
    expect(await store().alerts.counts()).toEqual(new Map([['c-aaaaa', 2]]));
    await all([], [alert('a', { resolvedAt: moment(9) }), alert('never')]);
    const claimed = await store().alerts.claimNotices(moment(99), moment(100), 99);
    expect(claimed.map((each) => [each.alert.key, each.alert.resolvedAt])).toEqual([
      ['a', null],
      ['b', null],
      ['a', moment(9)],
    ]);
    await store().alerts.change([alert('a', { since: moment(20) })], [], moment(20));
    expect((await store().alerts.open()).map(({ key, since }) => [key, since])).toEqual([
      ['b', moment(0)],
      ['a', moment(20)],
    ]);
  });

  it('are listed newest first, open or resolved, of some clusters or all', async () => {
    const { alerts } = store();
    await withCluster(store());
    await withCluster(store(), 'c-bbbbb');
    const fired = [alert('a'), alert('b', { cluster: 'c-bbbbb' }), alert('c', { cluster: null }), alert('d')];
    await alerts.change([...fired, alert('lost', { cluster: 'c-zzzzz' })], [alert('d')], moment(3));
    const list = async (asked: object) => {
      const page = await alerts.list({ limit: 2, clusters: null, resolved: false, ...asked });
      return [page.items.map(({ key }) => key), page.next] as const;
    };
    const [first, next] = await list({});
    expect(first).toEqual(['c', 'b']);
    await alerts.change([alert('e')], [], moment(4));
    expect(await list({ after: next })).toEqual([['a'], null]);
    expect(await list({ clusters: ['c-bbbbb'] })).toEqual([['b'], null]);
    expect(await list({ clusters: [] })).toEqual([[], null]);
    const resolved = await alerts.list({ limit: 9, clusters: null, resolved: true });
    expect(resolved.items).toEqual([alert('d', { resolvedAt: moment(3) })]);
    expect(await alerts.counts()).toEqual(
      new Map([
        ['c-aaaaa', 2],
        ['c-bbbbb', 1],
      ]),
    );
  });
}

function notices({ store, other }: Opened): void {
  it('are for every receiver but heartbeats, and go with their receiver', async () => {
    const { alerts, receivers } = store();
    await withCluster(store());
    for (const id of ['r-aaaaa', 'r-bbbbb']) await receivers.create(receiver(id));
    await receivers.create(receiver('r-ccccc', 'heartbeat'));
    await alerts.change([alert('a')], [], moment(0));
    expect(await receivers.remove('r-bbbbb')).toBe(true);
    expect(await receivers.remove('r-bbbbb')).toBe(false);
    const notices = await alerts.claimNotices(moment(0), moment(1), 9);
    expect(notices).toMatchObject([
      { receiver: 'r-aaaaa', attempts: 0, dueAt: moment(0), alert: alert('a') },
    ]);
  });

  it('are told each receiver in order, by one replica at a time', async () => {
    const { alerts, receivers } = store();
    await withCluster(store());
    for (const id of ['r-aaaaa', 'r-bbbbb']) await receivers.create(receiver(id));
    for (const key of ['a', 'b', 'c']) await alerts.change([alert(key)], [], moment(0));
    const claim = async (at: number, limit = 99) =>
      (await alerts.claimNotices(moment(at), moment(at + 10), limit)).map((each) => ({
        id: each.id,
        what: `${each.receiver} ${each.alert.key} ${each.attempts}`,
      }));
    const first = await claim(0, 1);
    expect(first.map(({ what }) => what)).toEqual(['r-aaaaa a 0']);
    const second = await claim(0);
    expect(second.map(({ what }) => what)).toEqual(['r-bbbbb a 0', 'r-bbbbb b 0', 'r-bbbbb c 0']);
    for (const { id } of second) await alerts.told(id);
    expect(await claim(9)).toEqual([]);
    await alerts.again(first[0]!.id, moment(20));
    expect(await claim(15)).toEqual([]);
    expect((await claim(20)).map(({ what }) => what)).toEqual(['r-aaaaa a 1', 'r-aaaaa b 0', 'r-aaaaa c 0']);
    expect(await claim(29)).toEqual([]);
    expect((await claim(30)).map(({ what }) => what)).toEqual(['r-aaaaa a 1', 'r-aaaaa b 0', 'r-aaaaa c 0']);
  });

  it('claimed by many at once are claimed once, and in order', async () => {
    const { alerts, receivers } = store();
    await withCluster(store());
    await receivers.create(receiver('r-aaaaa'));
    const keys = Array.from({ length: 40 }, (_, n) => `k${n}`);
    await alerts.change(
      keys.map((key) => alert(key)),
      [],
      moment(0),
    );
    const stores = [store(), await other()];
    const claims = await Promise.all(
      Array.from({ length: 8 }, async (_, n) => stores[n % 2]!.alerts.claimNotices(moment(0), moment(9), 7)),
    );
    const claimed = claims.flat();
    expect(claimed.map((each) => each.alert.key)).toEqual(keys.slice(0, 7));
  });
}

function receivers({ store, reopened }: Opened): void {
  it('keep their secrets sealed, and how they were last told', async () => {
    const { receivers } = store();
    expect(await receivers.create(receiver('r-bbbbb'))).toEqual({ ...receiver('r-bbbbb'), lastTold: null });
    await receivers.create({ ...receiver('r-aaaaa'), sealed: null });
    const told = { at: moment(1), ok: false, why: 'refused' };
    await receivers.setTold('r-bbbbb', told);
    const again = await reopened();
    expect(await again.receivers.get('r-bbbbb')).toEqual({ ...receiver('r-bbbbb'), lastTold: told });
    expect(await again.receivers.get('r-zzzzz')).toBeUndefined();
    expect((await again.receivers.all()).map(({ id, sealed }) => [id, sealed])).toEqual([
      ['r-aaaaa', null],
      ['r-bbbbb', Uint8Array.of(1, 2, 250)],
    ]);
  });
}
