import { cp, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { systemClock } from '@holdfast/base';
import { readLivePairs } from '@holdfast/etcd/snapshot';
import { etcdOrSkip, startCluster } from '@holdfast/test-servers';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openDatadirImage } from './datadir-image.ts';
import { openForeignFolder } from './place/index.ts';
import { scanForeign } from './scan.ts';

const { signal } = new AbortController();
const etcd = await etcdOrSkip('3.6');
const path = process.env['PATH'];
let folder: string;
let scratchFolder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-adopt-datadir-'));
  scratchFolder = await mkdtemp(join(tmpdir(), 'holdfast-adopt-scratch-'));
});
afterEach(async () => {
  process.env['PATH'] = path;
  for (const each of [folder, scratchFolder]) await rm(each, { recursive: true });
});

/** Opens the only snapshot of the folder and tells the keys in it and what was said of it. */
async function opened() {
  const place = await openForeignFolder(folder);
  const { snapshots, unknown } = await scanForeign(place, { signal, clock: systemClock });
  expect(snapshots).toMatchObject([{ system: 'etcd', form: 'datadir', restorable: true }]);
  expect(unknown).toEqual([]);
  await using image = await openDatadirImage(place, snapshots[0]!, {
    clock: systemClock,
    signal,
    scratchFolder,
  });
  const bytes = await buffer(image.stream(signal));
  const source = {
    name: 'image',
    size: bytes.length,
    read: (target: Uint8Array, position: number) => bytes.copy(target, 0, position, position + target.length),
    close: () => {},
  };
  const keys: string[] = [];
  await readLivePairs(source, (key) => void keys.push(Buffer.from(key).toString()), { signal });
  return { keys, notes: image.notes, trailer: bytes.length % 512 };
}

describe.skipIf(etcd.skip)('a data directory that was copied off a killed member', () => {
  const binaries = etcd.skip ? '' : dirname(etcd.binaries.etcd);

  test.each([
    ['as a whole', ''],
    ['without the folder `member` around it', 'member'],
  ])('%s gives every acknowledged write, if an etcd can replay its log', async (_, inside) => {
    await using cluster = await startCluster({ version: '3.6', fsync: true });
    for (let i = 0; i < 20; i += 1) await cluster.gateway().put(`k${String(i).padStart(2, '0')}`, 'v');
    await cluster.kill(0);
    const { dataDir } = cluster.members[0]!;
    await cp(join(dataDir, inside), join(folder, 'old', 'etcd'), { recursive: true });
    expect(etcd.skip ? '' : basename(etcd.binaries.etcd)).toBe('etcd');
    process.env['PATH'] = `${binaries}:${path}`;
    const { keys, notes, trailer } = await opened();
    expect(keys).toHaveLength(20);
    expect(notes).toEqual([expect.stringMatching(/^Its log was replayed: etcd 3\.6\.\d+ replayed the log/)]);
    expect(trailer).toBe(32);
    process.env['PATH'] = '/nowhere';
    const alone = await opened();
    expect(alone.keys.length).toBeLessThan(20);
    expect(alone.notes).toEqual([
      expect.stringMatching(/^Its log was not replayed, .*: no etcd replayed the log/),
    ]);
    expect(await readdir(scratchFolder)).toEqual([]);
  });

  test('without its log gives what the database has', async () => {
    await using cluster = await startCluster({ version: '3.6' });
    await cluster.gateway().put('k', 'v');
    await cluster.stop(0);
    await cp(cluster.members[0]!.dataDir, join(folder, 'old'), { recursive: true });
    await rm(join(folder, 'old', 'member', 'wal'), { recursive: true });
    expect((await opened()).keys).toEqual(['k']);
    expect(await readdir(scratchFolder)).toEqual([]);
  });
});
