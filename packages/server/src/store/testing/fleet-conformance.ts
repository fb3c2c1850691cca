import type { Inventory } from '@holdfast/model/fleet';
import { describe, expect, it } from 'vitest';
import { clusterSpec, moment, operation, order, snapshot, alert, policy, withCluster } from './samples.ts';
import type { Opened } from './store-conformance.ts';

const inventory = {
  hostname: 'h',
  addresses: ['10.0.0.1'],
  members: [],
  certificates: [],
  notes: ['é'],
} as unknown as Inventory;

/** Clusters, nodes, join tokens and repositories. */
export function fleetConformance({ store, reopened }: Opened): void {
  describe('clusters', () => {
    clusters({ store, reopened });
    listedClusters({ store });
    removedClusters({ store });
  });
  describe('nodes', () => {
    nodes({ store });
  });
  describe('join tokens', () => {
    joinTokens({ store });
  });
  describe('repositories', () => {
    repositories({ store, reopened });
  });
}

function clusters({ store, reopened }: Pick<Opened, 'store' | 'reopened'>): void {
  it('have one name each, and are there after the store was closed', async () => {
    const { clusters } = store();
    const made = await clusters.create({ id: 'c-aaaaa', spec: clusterSpec('one'), createdAt: moment(0) });
    expect(made).toEqual({
      ...{ id: 'c-aaaaa', spec: clusterSpec('one'), version: 1, heldBy: null },
      ...{ createdAt: moment(0), updatedAt: moment(0) },
    });
    expect(
      await clusters.create({ id: 'c-bbbbb', spec: clusterSpec('one'), createdAt: moment(0) }),
    ).toBeNull();
    const again = await reopened();
    expect(await again.clusters.get('c-aaaaa')).toEqual(made);
    expect(await again.clusters.byName('one')).toEqual(made);
    expect(await again.clusters.get('c-bbbbb')).toBeUndefined();
  });

  it('are changed only from the version that is the newest', async () => {
    const { clusters } = store();
    const id = await withCluster(store());
    const changed = { ...clusterSpec('two'), description: 'new' };
    const put = await clusters.put(id, 1, changed, moment(5));
    expect(put).toMatchObject({
      put: { version: 2, spec: changed, createdAt: moment(0), updatedAt: moment(5) },
    });
    expect(await clusters.put(id, 1, clusterSpec('three'), moment(6))).toMatchObject({
      conflict: { version: 2 },
    });
    expect(await clusters.put(id, null, clusterSpec('three'), moment(7))).toMatchObject({
      put: { version: 3 },
    });
    expect(await clusters.put('c-zzzzz', null, clusterSpec('x'), moment(7))).toEqual({ missing: true });
    await withCluster(store(), 'c-bbbbb', 'taken');
    await expect(clusters.put(id, null, clusterSpec('taken'), moment(8))).rejects.toMatchObject({
      code: 'name-taken',
    });
    expect(await clusters.byName('three')).toMatchObject({ id, version: 3 });
  });

  it('of many writers of one version, one wins', async () => {
    const id = await withCluster(store());
    const puts = await Promise.all(
      Array.from({ length: 8 }, async (_, n) => store().clusters.put(id, 1, clusterSpec(`w${n}`), moment(n))),
    );
    expect(puts.filter((each) => 'put' in each)).toHaveLength(1);
    expect(puts.filter((each) => 'conflict' in each && each.conflict.version === 2)).toHaveLength(7);
  });
}

const names = (page: { items: readonly { spec: { name: string } }[] }) =>
  page.items.map(({ spec }) => spec.name);

function listedClusters({ store }: Pick<Opened, 'store'>): void {
  it('are listed by name, page by page, while others are added', async () => {
    const { clusters } = store();
    for (const name of ['d', 'B', 'a', 'c', 'e'])
      await withCluster(store(), `c-${name.repeat(5).toLowerCase()}`, name);
    const first = await clusters.list({ limit: 2, ids: null });
    expect(names(first)).toEqual(['B', 'a']);
    await withCluster(store(), 'c-fffff', 'Z');
    const second = await clusters.list({ limit: 2, ids: null, after: first.next! });
    expect(names(second)).toEqual(['c', 'd']);
    const third = await clusters.list({ limit: 2, ids: null, after: second.next! });
    expect(names(third)).toEqual(['e']);
    expect(third.next).toBeNull();
    expect(names(await clusters.list({ limit: 9, ids: ['c-eeeee', 'c-aaaaa'] }))).toEqual(['a', 'e']);
    expect(await clusters.list({ limit: 9, ids: [] })).toEqual({ items: [], next: null });
    expect((await clusters.all()).map(({ spec }) => spec.name)).toEqual(['B', 'Z', 'a', 'c', 'd', 'e']);
  });

  it.each(['x', 'bnVsbA', 'WzFd', ''])(
    'a page after what no page has told (%j) is refused',
    async (after) => {
      await expect(store().clusters.list({ limit: 2, ids: null, after })).rejects.toMatchObject({
        code: 'request-invalid',
      });
    },
  );

  it('are held by one operation at a time', async () => {
    const { clusters } = store();
    const id = await withCluster(store());
    const asked = Array.from({ length: 6 }, (_, n) => `op-${String(n).repeat(5)}`);
    const held = await Promise.all(asked.map(async (each) => clusters.hold(id, each)));
    const holder = held[0]!;
    expect(held.every((each) => each === holder)).toBe(true);
    expect(await clusters.hold(id, holder)).toBe(holder);
    expect(await clusters.get(id)).toMatchObject({ heldBy: holder, version: 1 });
    await clusters.release(id, 'op-other');
    expect(await clusters.hold(id, 'op-other')).toBe(holder);
    await clusters.release(id, holder);
    expect(await clusters.hold(id, 'op-other')).toBe('op-other');
    expect(await clusters.hold('c-zzzzz', 'op-other')).toBeUndefined();
  });
}

function removedClusters({ store }: Pick<Opened, 'store'>): void {
  it('are removed with everything that belongs to them, and nothing else', async () => {
    const tables = store();
    for (const [cluster, end] of [
      ['c-aaaaa', 'aaaaa'],
      ['c-bbbbb', 'bbbbb'],
    ] as const) {
      await withCluster(tables, cluster);
      const [node, op] = [`n-${end}`, `op-${end}`];
      await tables.nodes.create({
        id: node,
        cluster,
        name: 'x',
        joinedAt: moment(0),
        certificateNotAfter: null,
      });
      const token = {
        id: `t${end}`,
        hash: 'h',
        cluster,
        expiresAt: moment(9),
        usesLeft: 1,
        createdBy: 'alice',
      };
      await tables.joinTokens.create(token);
      await tables.policies.put(
        cluster,
        null,
        policy('daily'),
        { last: {}, next: { save: moment(1) } },
        moment(0),
      );
      await tables.snapshots.put({ cluster, repository: 'main' }, [snapshot('s', { cluster })], 'whole');
      await tables.operations.create(operation(op, { cluster }));
      await tables.operations.change(op, null, {}, [{ at: moment(0), type: 'note', data: {} }]);
      await tables.orders.create(order(`o-${end}`, { operation: op, node }), 'k');
      await tables.orders.tell([{ order: `o-${end}`, n: 0, at: moment(0), type: 'note', data: {} }]);
      await tables.alerts.change([alert(`k-${end}`, { cluster })], [], moment(0));
    }
    expect(await tables.clusters.remove('c-aaaaa')).toBe(true);
    expect(await tables.clusters.remove('c-aaaaa')).toBe(false);
    expect(await tables.nodes.all()).toMatchObject([{ id: 'n-bbbbb' }]);
    expect(await tables.joinTokens.get('taaaaa')).toBeUndefined();
    expect(await tables.policies.all()).toMatchObject([{ cluster: 'c-bbbbb' }]);
    expect(await tables.snapshots.all('c-aaaaa')).toEqual([]);
    expect(await tables.operations.get('op-aaaaa')).toBeUndefined();
    expect(await tables.operations.events('op-aaaaa', 0, 9)).toEqual([]);
    expect(await tables.orders.get('o-aaaaa')).toBeUndefined();
    expect(await tables.orders.events('o-aaaaa', 0)).toEqual([]);
    expect(await tables.alerts.open()).toMatchObject([{ key: 'k-bbbbb' }]);
    expect(await tables.orders.events('o-bbbbb', 0)).toHaveLength(1);
    const orphan = tables.operations.create(operation('op-ccccc', { cluster: 'c-aaaaa' }));
    await expect(orphan).rejects.toMatchObject({ code: 'cluster-unknown' });
  });
}

const sighting = (node: string, at: number) => ({
  node,
  at: moment(at),
  agentVersion: '1.0',
  clockSkewMs: -5,
});

function nodes({ store }: Pick<Opened, 'store'>): void {
  it('are seen many at once, never backwards; those that are gone are passed over', async () => {
    const { nodes } = store();
    const cluster = await withCluster(store());
    const ids = Array.from({ length: 1_200 }, (_, n) => `n-${String(n).padStart(5, '0')}`);
    await store().transaction(async ({ nodes }) => {
      for (const id of ids)
        await nodes.create({ id, cluster, name: id, joinedAt: moment(0), certificateNotAfter: null });
    });
    await nodes.seen([]);
    await nodes.seen([...ids, 'n-zzzzz'].map((id) => sighting(id, 10)));
    await nodes.seen([sighting(ids[0]!, 9), sighting(ids[1]!, 12), sighting(ids[1]!, 11)]);
    const all = await nodes.all();
    expect(all).toHaveLength(1_200);
    expect(all[0]).toMatchObject({ seenAt: moment(10), agentVersion: '1.0', clockSkewMs: -5 });
    expect(all[1]).toMatchObject({ seenAt: moment(12) });
    expect(all.slice(2).every(({ seenAt }) => seenAt === moment(10))).toBe(true);
  });

  it('keep inventory and certificate', async () => {
    const { nodes } = store();
    const cluster = await withCluster(store());
    await withCluster(store(), 'c-bbbbb');
    const node = { id: 'n-aaaaa', cluster, name: 'x', joinedAt: moment(0), certificateNotAfter: moment(9) };
    const made = await nodes.create(node);
    const unseen = {
      seenAt: null,
      agentVersion: null,
      clockSkewMs: null,
      inventory: null,
      inventoryHash: '',
    };
    expect(made).toEqual({ ...node, ...unseen });
    await nodes.setInventory('n-aaaaa', inventory, 'hash');
    await nodes.setCertificate('n-aaaaa', moment(99));
    const now = { ...made, inventory, inventoryHash: 'hash', certificateNotAfter: moment(99) };
    expect(await nodes.get('n-aaaaa')).toEqual(now);
    expect(await nodes.ofCluster(cluster)).toEqual([now]);
    expect(await nodes.ofCluster('c-bbbbb')).toEqual([]);
    expect(await nodes.ofClusters([cluster, 'c-bbbbb'])).toEqual([now]);
    expect(await nodes.ofClusters([])).toEqual([]);
    expect(await nodes.remove('n-aaaaa')).toBe(true);
    expect(await nodes.remove('n-aaaaa')).toBe(false);
    const orphan = nodes.create({ ...node, cluster: 'c-zzzzz' });
    await expect(orphan).rejects.toMatchObject({ code: 'cluster-unknown' });
  });

  it('are told in outline, as they are now', async () => {
    const { nodes } = store();
    const cluster = await withCluster(store());
    const joined = { cluster, joinedAt: moment(0), certificateNotAfter: moment(9) };
    for (const id of ['n-aaaaa', 'n-bbbbb']) await nodes.create({ ...joined, id, name: id });
    const told = async () => (await nodes.outlines()).map(({ id, inventory }) => [id, inventory]);
    await nodes.setInventory('n-aaaaa', { ...inventory, kubernetesVersion: 'v1' }, 'one');
    expect(await told()).toEqual([
      ['n-aaaaa', outline('v1')],
      ['n-bbbbb', null],
    ]);
    await nodes.seen([sighting('n-aaaaa', 10)]);
    const { inventory: _, ...rest } = (await nodes.get('n-aaaaa'))!;
    expect((await nodes.outlines())[0]).toEqual({ ...rest, inventory: outline('v1') });
    await nodes.setInventory('n-aaaaa', { ...inventory, kubernetesVersion: 'v2' }, 'two');
    await nodes.remove('n-bbbbb');
    expect(await told()).toEqual([['n-aaaaa', outline('v2')]]);
  });
}

const outline = (kubernetesVersion: string) => ({ kubernetesVersion, members: [], certificates: [] });

const token = (id: string, usesLeft: number | null, expires = 9) => {
  return { id, hash: 'h', cluster: 'c-aaaaa', expiresAt: moment(expires), usesLeft, createdBy: 'alice' };
};

function joinTokens({ store }: Pick<Opened, 'store'>): void {
  it('are used as often as they say, however many ask at once', async () => {
    const { joinTokens } = store();
    await withCluster(store());
    await joinTokens.create(token('two', 2));
    await joinTokens.create(token('any', null));
    const used = await Promise.all(Array.from({ length: 6 }, async () => joinTokens.use('two')));
    expect(used.filter(Boolean)).toHaveLength(2);
    expect(await joinTokens.get('two')).toEqual(token('two', 0));
    expect([await joinTokens.use('any'), await joinTokens.use('any')]).toEqual([true, true]);
    expect(await joinTokens.get('any')).toEqual(token('any', null));
    expect(await joinTokens.use('none')).toBe(false);
  });

  it('go when they are removed or have expired', async () => {
    const { joinTokens } = store();
    await withCluster(store());
    for (const each of [token('a', 1, 1), token('b', 1, 5), token('c', 1, 9)]) await joinTokens.create(each);
    await joinTokens.removeExpired(moment(5));
    expect((await joinTokens.ofCluster('c-aaaaa')).map(({ id }) => id)).toEqual(['b', 'c']);
    expect([await joinTokens.remove('b'), await joinTokens.remove('b')]).toEqual([true, false]);
    await expect(joinTokens.create({ ...token('d', 1), cluster: 'c-zzzzz' })).rejects.toMatchObject({
      code: 'cluster-unknown',
    });
  });
}

function repositories({ store, reopened }: Pick<Opened, 'store' | 'reopened'>): void {
  it('keep what they are, their sealed secrets, and what was seen of them', async () => {
    const { repositories } = store();
    const spec = { name: 'main', path: '/srv/repo', readByServer: true };
    const sealed = Uint8Array.from({ length: 300 }, (_, n) => n % 256);
    const secretNames = ['passphrase', 'signingKey'] as const;
    const made = await repositories.create({ name: 'main', spec, secretNames, sealed, createdAt: moment(0) });
    expect(made).toEqual({
      ...{ name: 'main', spec, secretNames, sealed, createdAt: moment(0), version: 1 },
      ...{ repositoryId: null, reachable: null, why: '', scannedAt: null },
    });
    expect(await repositories.create({ ...made! })).toBeNull();
    const status = { repositoryId: 'r1', reachable: false, why: 'gone', scannedAt: moment(3) };
    await repositories.setStatus('main', status);
    const changed = { spec: { ...spec, path: '/other' }, secretNames: [], sealed: null };
    expect(await repositories.put('main', 1, changed)).toMatchObject({
      put: { version: 2, sealed: null, ...status },
    });
    expect(await repositories.put('main', 1, changed)).toMatchObject({ conflict: { version: 2 } });
    expect(await repositories.put('none', null, changed)).toEqual({ missing: true });
    await repositories.create({ name: 'Also', spec, secretNames, sealed, createdAt: moment(0) });
    const again = await reopened();
    expect((await again.repositories.all()).map(({ name }) => name)).toEqual(['Also', 'main']);
    expect((await again.repositories.get('Also'))?.sealed).toEqual(sealed);
    expect(await again.repositories.get('main')).toMatchObject({ ...changed, ...status, version: 2 });
    expect([await again.repositories.remove('main'), await again.repositories.remove('main')]).toEqual([
      true,
      false,
    ]);
  });
}
