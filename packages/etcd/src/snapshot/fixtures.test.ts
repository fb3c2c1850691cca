import { readdir, readFile } from 'node:fs/promises';
import { gunzipSync } from 'node:zlib';
import type { HashKv } from '@holdfast/model';
import { describe, expect, test } from 'vitest';
import { openImage, readBuckets } from '../bolt/index.ts';
import { bytesSource } from '../bolt/test-image.ts';
import { bucketNames, readRecords, readSmallBucket } from '../mvcc/index.ts';
import { readPosition, verifySnapshotFile } from './index.ts';

const folder = new URL('../../../../test/fixtures/snapshots/', import.meta.url);
const names = (await readdir(folder)).filter((name) => name.endsWith('.db.gz'));

interface Said {
  readonly status: { hash: number; revision: number; totalKey: number; totalSize: number; version?: string };
  readonly hashKv: HashKv;
}

describe.each(names)('%s', async (name) => {
  const bytes = gunzipSync(await readFile(new URL(name, folder)));
  const said = JSON.parse(await readFile(new URL(name.replace('.db.gz', '.json'), folder), 'utf8')) as Said;
  const counts = /3\.[45]\./.test(name) ? 'pairs' : 'liveKeys';

  test('has the figures that its etcd said', async () => {
    const { status, hashKv, checks } = await verifySnapshotFile(bytesSource(bytes), { hashKv: said.hashKv });
    expect(checks.filter((each) => each.outcome === 'failed')).toEqual([]);
    expect(hashKv).toEqual(said.hashKv);
    expect(status).toMatchObject({ hash: said.status.hash, revision: 61, size: said.status.totalSize });
    expect(status?.[counts]).toBe(said.status.totalKey);
    expect(status?.storageVersion ?? '').toBe(said.status.version ?? '');
  });

  test('stands where its etcd stood', async () => {
    const is34 = name.includes('3.4.');
    expect(await readPosition(bytesSource(bytes))).toMatchObject({
      pageSize: 4096,
      trailer: true,
      revision: 61,
      compactRevision: 30,
      finishedCompactRevision: 30,
      clusterVersion: `${/3\.\d+/.exec(name)![0]}.0`,
      term: is34 ? null : 2,
    });
  });

  test('gives its records from any revision on', async () => {
    const image = await openImage(bytesSource(bytes));
    const buckets = await readBuckets(image);
    const key = buckets.get(bucketNames.key)!;
    const all = await Array.fromAsync(readRecords(image, key));
    for (const from of [0, 30, 31, 47, 61, 62])
      expect(await Array.fromAsync(readRecords(image, key, from))).toEqual(
        all.filter(({ main }) => main >= from),
      );
    const last = all.at(-1)!;
    expect(last).toMatchObject({ main: 61, sub: 0, tombstone: true, version: 0, lease: 0n });
    expect(Buffer.from(last.key).toString()).toBe('/registry/events/a');
    const leader = all.at(-2)!;
    expect(leader).toMatchObject({ main: 60, version: 10, lease: 0x7587d3c0ffee0001n });
    expect(Buffer.from(leader.value).toString()).toBe('holder 9');
  });

  test('has leases and users', async () => {
    const image = await openImage(bytesSource(bytes));
    const buckets = await readBuckets(image);
    const users = await readSmallBucket(image, buckets.get(bucketNames.authUsers)!);
    expect([...users.keys()]).toEqual(['backup', 'root']);
    const leases = await readSmallBucket(image, buckets.get(bucketNames.lease)!);
    expect([...leases.keys()].map((id) => Buffer.from(id, 'latin1').toString('hex'))).toEqual([
      '7587d3c0ffee0001',
    ]);
  });
});
