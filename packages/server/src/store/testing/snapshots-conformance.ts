import { describe, expect, it } from 'vitest';
import { moment, snapshot, withCluster } from './samples.ts';
import type { Opened } from './store-conformance.ts';

/** The index of what repositories hold. */
const main = { cluster: 'c-aaaaa', repository: 'main' };

export function snapshotsConformance(opened: Opened): void {
  describe('snapshots', () => {
    snapshots(opened);
    ordered(opened);
  });
  describe('what is summed up of snapshots', () => {
    sums(opened);
  });
}

function snapshots({ store }: Opened): void {
  it('that a whole scan does not find are marked missing, and found again they are not', async () => {
    const { snapshots } = store();
    await withCluster(store());
    const [a, b, c] = ['a', 'b', 'c'].map((name) => snapshot(name));
    const elsewhere = snapshot('a', { id: 'copy:a', repository: 'copy' });
    expect(await snapshots.put({ ...main, repository: 'copy' }, [elsewhere], 'whole')).toEqual({
      added: 1,
      missing: 0,
    });
    expect(await snapshots.put(main, [a!, b!], 'whole')).toEqual({ added: 2, missing: 0 });
    expect(await snapshots.put(main, [c!], 'some')).toEqual({ added: 1, missing: 0 });
    expect(await snapshots.put(main, [a!, { ...b!, pinned: true }], 'whole')).toEqual({
      added: 0,
      missing: 1,
    });
    expect(await snapshots.put(main, [a!], 'whole')).toEqual({ added: 0, missing: 1 });
    const found = await snapshots.all('c-aaaaa');
    expect(found.filter(({ missing }) => missing).map(({ name }) => name)).toEqual(['c', 'b']);
    expect(await snapshots.get('c-aaaaa', 'main:b')).toEqual({ ...b!, pinned: true, missing: true });
    expect(await snapshots.put(main, [{ ...b!, missing: true }], 'some')).toEqual({ added: 0, missing: 0 });
    expect(await snapshots.get('c-aaaaa', 'main:b')).toEqual(b);
    expect([
      await snapshots.remove('c-aaaaa', 'main:b'),
      await snapshots.remove('c-aaaaa', 'main:b'),
    ]).toEqual([true, false]);
    expect(await snapshots.put({ cluster: 'c-zzzzz', repository: 'main' }, [a!], 'whole')).toEqual({
      added: 0,
      missing: 0,
    });
  });

  it('are listed newest first, page by page, while others are added', async () => {
    const { snapshots } = store();
    await withCluster(store());
    const some = Array.from({ length: 450 }, (_, n) =>
      snapshot(`s${n}`, { finishedAt: moment(Math.floor(n / 2)) }),
    );
    await snapshots.put(main, some, 'whole');
    const names: string[] = [];
    let after: string | undefined;
    for (;;) {
      const page = await snapshots.list({ cluster: 'c-aaaaa', limit: 100, after });
      names.push(...page.items.map(({ name }) => name));
      await snapshots.put(main, [snapshot(`new${names.length}`, { finishedAt: moment(9_999) })], 'some');
      if (page.next === null) break;
      after = page.next;
    }
    const expected = some.toSorted((x, y) => {
      const [first, second] = [`${x.finishedAt} ${x.id}`, `${y.finishedAt} ${y.id}`];
      return first < second ? 1 : -1;
    });
    expect(names).toEqual(expected.map(({ name }) => name));
  });
}

function ordered({ store }: Opened): void {
  it('are ordered by when they were finished, however the moment is written', async () => {
    const { snapshots } = store();
    await withCluster(store());
    const [short, long] = ['2026-01-01T00:00:00Z', '2026-01-01T00:00:00.500Z'];
    await snapshots.put(
      main,
      [snapshot('z', { finishedAt: short }), snapshot('a', { finishedAt: long })],
      'some',
    );
    const found = await snapshots.all('c-aaaaa');
    expect(found.map(({ name, finishedAt }) => [name, finishedAt])).toEqual([
      ['a', long],
      ['z', short],
    ]);
  });

  it('are filtered', async () => {
    const { snapshots } = store();
    await withCluster(store());
    await snapshots.put(
      main,
      [snapshot('a', { policy: 'daily' }), snapshot('b', { state: 'damaged' })],
      'some',
    );
    const list = async (filter: object) =>
      (await snapshots.list({ cluster: 'c-aaaaa', limit: 9, ...filter })).items.map(({ name }) => name);
    expect(await list({ policy: 'daily' })).toEqual(['a']);
    expect(await list({ state: 'damaged' })).toEqual(['b']);
    expect(await list({ repository: 'main' })).toEqual(['b', 'a']);
    expect(await list({ repository: 'other' })).toEqual([]);
  });
}

const later = (name: string, changed: object) => snapshot(name, { finishedAt: moment(9), ...changed });

function sums({ store }: Opened): void {
  it('counts those that are there, and tells the newest good one', async () => {
    const { snapshots } = store();
    await withCluster(store());
    await withCluster(store(), 'c-bbbbb');
    await withCluster(store(), 'c-ccccc');
    const good = snapshot('good', { finishedAt: moment(5), storedBytes: 2 ** 40 });
    const bad = [
      later('degraded', { degraded: true }),
      later('stored', { state: 'stored' }),
      later('untrusted', { trusted: false }),
      later('before', { trigger: 'pre-restore' }),
    ];
    await snapshots.put(main, [later('gone', {}), good, ...bad, snapshot('old')], 'whole');
    await snapshots.put(main, [good, ...bad, snapshot('old')], 'whole');
    const damaged = snapshot('x', { cluster: 'c-bbbbb', state: 'damaged', policy: 'daily' });
    await snapshots.put({ cluster: 'c-bbbbb', repository: 'main' }, [damaged], 'whole');
    const ofA = { cluster: 'c-aaaaa', snapshots: 6, newest: good };
    const ofB = { cluster: 'c-bbbbb', snapshots: 1, newest: null };
    expect(await snapshots.newest()).toEqual([ofA, ofB]);
    expect(await snapshots.newest(['c-bbbbb', 'c-ccccc'])).toEqual([ofB]);
    expect(await snapshots.newest([])).toEqual([]);
    expect(await snapshots.totals()).toEqual([
      { repository: 'main', snapshots: 7, storedBytes: 2 ** 40 + 6 * 300 },
    ]);
    expect(await snapshots.heads()).toEqual([
      { ...main, policy: null, stored: moment(9), verified: moment(5) },
      { cluster: 'c-bbbbb', repository: 'main', policy: 'daily', stored: null, verified: null },
    ]);
  });
}
