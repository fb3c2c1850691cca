import { Failure, systemClock, type Clock } from '@holdfast/base';
import { expect, test } from 'vitest';
import { scanForeign } from './scan.ts';
import { k3sZip, provisioningSpec } from './testing/k3s.ts';
import { memoryPlace, type MemoryPlace } from './testing/memory-place.ts';
import { rkeZip } from './testing/rke.ts';
import { realSnapshot } from './testing/snapshots.ts';

const db = realSnapshot();
const clock: Clock = { ...systemClock, now: () => new Date('2026-11-22T00:00:00Z') };
const signal = new AbortController().signal;

/** What each system calls its files, all in one folder. */
function mixed(): MemoryPlace {
  const name = 'on-demand-n-1789000001';
  return memoryPlace({
    'etcd-snapshot-n-1789000000': db,
    [`${name}.zip`]: k3sZip(name, db),
    [`.metadata/${name}.zip`]: provisioningSpec('v1.33.4+k3s1'),
    'c-9dmxz-rl-8b2cx_2020-10-15T14:53:26Z.zip': rkeZip('c-9dmxz-rl-8b2cx_2020-10-15T14:53:26Z', db),
    'c-9dmxz-ms-t6bjb_2020-10-16T14-53-26Z.zip': rkeZip('c-9dmxz-ms-t6bjb_2020-10-16T14-53-26Z', db, null),
    'rke_etcd_snapshot_2020-10-15T16:47:24+02:00.zip': rkeZip(
      'rke_etcd_snapshot_2020-10-15T16:47:24+02:00',
      db,
    ),
    'README.md': Buffer.from('whose is this?'),
  });
}

test('each file goes to whom it belongs, oldest first, and what belongs to nobody is told', async () => {
  const { snapshots, unknown } = await scanForeign(mixed(), { signal, clock });
  expect(snapshots.map(({ system, name, cluster, trigger }) => [system, name, cluster, trigger])).toEqual([
    ['rke', 'rke_etcd_snapshot_2020-10-15T16:47:24+02:00', null, 'one-time'],
    ['rke', 'c-9dmxz-rl-8b2cx_2020-10-15T14:53:26Z', 'c-9dmxz', 'recurring'],
    ['rke', 'c-9dmxz-ms-t6bjb_2020-10-16T14-53-26Z', 'c-9dmxz', 'one-time'],
    ['k3s', 'etcd-snapshot-n-1789000000', null, 'recurring'],
    ['k3s', 'on-demand-n-1789000001.zip', null, 'one-time'],
  ]);
  expect(snapshots.every(({ restorable }) => restorable)).toBe(true);
  expect(unknown.map(({ path }) => path)).toEqual(['README.md']);
});

test('of large files little is read', async () => {
  const large = Buffer.concat([db.subarray(0, -32), Buffer.alloc(16 << 20), db.subarray(-32)]);
  const place = memoryPlace({ 'etcd-snapshot-n-1789000000': large, 'etcd-snapshot-n-1789000001': large });
  await scanForeign(place, { signal, clock });
  expect(place.bytesRead).toBeLessThan(300 * 1024);
});

test('a time in the future is not believed without a word, and never makes a snapshot the newest', async () => {
  const place = memoryPlace({ 'etcd-snapshot-n-1999000000': db, 'etcd-snapshot-n-1789000000': db });
  const { snapshots } = await scanForeign(place, { signal, clock });
  expect(snapshots.map(({ name }) => name)).toEqual([
    'etcd-snapshot-n-1999000000',
    'etcd-snapshot-n-1789000000',
  ]);
  expect(snapshots[0]?.notes.at(-1)).toContain('in the future');
});

test('a repository of Holdfast is told and not looked into; what lies beside it is', async () => {
  const id = '6f6a1a6e-2d3c-4d6b-9d4e-0a1b2c3d4e5f';
  const own = {
    'holdfast-repository.json': Buffer.from('{}'),
    'keys/000001.json': Buffer.from('{}'),
    [`clusters/${id}/cluster.json`]: Buffer.from('{}'),
    [`clusters/${id}/snapshots/one/manifest-000000000001.json`]: Buffer.from('{}'),
    [`clusters/${id}/snapshots/one/snapshot.db`]: db,
  };
  const below = (folder: string, from = ''): Record<string, Buffer> =>
    Object.fromEntries(
      Object.entries(own)
        .filter(([path]) => path.startsWith(from))
        .map(([path, content]) => [`${folder}${path.slice(from.length)}`, content]),
    );
  const theirs = { 'etcd.db': db, 'sub/clusters/etcd.db': db };
  const inRoot = await scanForeign(memoryPlace({ ...own, ...theirs }), { signal, clock });
  expect(inRoot).toMatchObject({ repositories: [''], unknown: [], snapshots: { length: 2 } });
  const inFolder = await scanForeign(memoryPlace({ ...below('ours/'), ...theirs }), { signal, clock });
  expect(inFolder).toMatchObject({ repositories: ['ours'], unknown: [], snapshots: { length: 2 } });
  const part = memoryPlace(below('', `clusters/${id}/`));
  expect(await scanForeign(part, { signal, clock })).toMatchObject({
    repositories: ['snapshots'],
    unknown: [{ path: 'cluster.json' }],
    snapshots: [],
  });
});

test('it ends with the signal, while it lists and while it reads', async () => {
  const stopped = AbortSignal.abort(new Error('enough'));
  await expect(scanForeign(mixed(), { signal: stopped, clock })).rejects.toThrow('enough');
  const stop = new AbortController();
  const place = mixed();
  const reading = { ...place, read: (path: string) => (stop.abort(new Error('enough')), place.read(path)) };
  await expect(scanForeign(reading, { signal: stop.signal, clock })).rejects.toThrow('enough');
});

test('what a place passes over is passed on', async () => {
  const place = memoryPlace({});
  const over = { path: 'link', why: 'it is a link' };
  const withLink = {
    ...place,
    async *list(passOver: (what: typeof over) => void) {
      passOver(over);
      yield* place.list(passOver);
    },
  };
  expect(await scanForeign(withLink, { signal, clock })).toEqual({
    snapshots: [],
    unknown: [],
    repositories: [],
    passedOver: [over],
  });
});

test('a file that cannot be read is told and the others are looked at; a server that is gone ends it', async () => {
  const place = mixed();
  const failing = (failure: Failure): MemoryPlace => ({
    ...place,
    async *read(path, range) {
      if (path === 'etcd-snapshot-n-1789000000') throw failure;
      yield* place.read(path, range);
    },
  });
  const closed = failing(new Failure('file-unreadable', 'EACCES: permission denied'));
  expect(await scanForeign(closed, { signal, clock })).toMatchObject({
    snapshots: { length: 4 },
    passedOver: [{ path: 'etcd-snapshot-n-1789000000', why: 'EACCES: permission denied' }],
  });
  const gone = failing(new Failure('s3-unreachable', 'the connection was refused'));
  await expect(scanForeign(gone, { signal, clock })).rejects.toMatchObject({ code: 's3-unreachable' });
});
