import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@holdfast/base';
import { openRepository } from '@holdfast/repository';
import { storeSealed, storeSnapshot } from '@holdfast/repository/testing';
import { etcdOrSkip, startCluster } from '@holdfast/test-servers';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Progress, VerbContext } from '../context.ts';
import { agreedToken, restoreDatadir, uniqueToken, type RestoreDatadirOptions } from './index.ts';

const { skip } = await etcdOrSkip('3.6');

describe.skipIf(skip)('restoring a data directory', () => {
  let folder: string;
  let file: string;
  let dataDir: string;
  let context: VerbContext;
  let options: RestoreDatadirOptions;
  const seen: Progress[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'holdfast-restore-'));
    await using cluster = await startCluster({ version: '3.6' });
    for (let i = 0; i < 20; i++) await cluster.gateway().put(`k${i}`, 'v');
    file = join(folder, 'snapshot.db');
    await cluster.snapshotSave(file);
    context = {
      clock: systemClock,
      signal: new AbortController().signal,
      holdfast: '0.0.0',
      onProgress: (progress) => seen.push(progress),
    };
  });
  afterAll(async () => rm(folder, { recursive: true }));
  beforeEach(async () => {
    dataDir = join(await mkdtemp(join(folder, 'target-')), 'data');
    options = {
      source: { file },
      dataDir,
      name: 'm1',
      initialCluster: 'm1=http://10.0.0.1:2380,m2=http://10.0.0.2:2380',
      peerUrls: ['http://10.0.0.1:2380'],
    };
  });

  test('a token that nobody used and a bump are the default, and the report says what was done', async () => {
    const report = await restoreDatadir(context, options);
    expect(report).toMatchObject({
      member: { name: 'm1', id: expect.stringMatching(/^[0-9a-f]+$/) as string },
      cluster: { token: expect.stringMatching(/^holdfast-[0-9a-f]{16}$/) as string },
      revision: { snapshot: 21, restored: 1_000_000_021 },
      source: { label: file, cluster: null, size: (await readFile(file)).length },
      target: '3.5',
      dataDir,
      walDir: null,
      warnings: [],
    });
    expect(report.cluster.members).toHaveLength(2);
    expect(JSON.parse(JSON.stringify(report))).toEqual(report);
    expect(seen.at(-1)).toMatchObject({ phase: 'copy', done: seen.at(-1)!.total });
    const other = await restoreDatadir(context, { ...options, dataDir: `${dataDir}2` });
    expect(other.cluster.id).not.toBe(report.cluster.id);
  });

  test("etcd's default token is used when asked for, with a warning", async () => {
    const report = await restoreDatadir(context, { ...options, token: 'etcd-cluster', bump: null });
    expect(report.revision).toEqual({ snapshot: 21, restored: 21 });
    expect(report.warnings).toEqual([expect.stringContaining('would merge')]);
  });

  test.each([
    ['a name that is not in the cluster', { name: 'm3' }],
    ['other URLs than the cluster says', { peerUrls: ['http://10.0.0.2:2380'] }],
    ['no URL', { peerUrls: [] }],
    ['a URL that is none', { peerUrls: ['10.0.0.1:2380'] }],
    ['a cluster that is none', { initialCluster: 'm1' }],
    ['a URL given twice', { initialCluster: 'm1=http://10.0.0.1:2380,m2=http://10.0.0.1:2380' }],
  ])('%s is refused', async (_, wrong) => {
    await expect(restoreDatadir(context, { ...options, ...wrong })).rejects.toMatchObject({
      code: 'restore-plan-invalid',
    });
    expect(await readdir(join(dataDir, '..'))).toEqual([]);
  });

  test.each([0, -1, 1.5, Number.NaN, 2 ** 60])('a bump by %d is refused', async (by) => {
    await expect(
      restoreDatadir(context, { ...options, bump: { by, markCompacted: true } }),
    ).rejects.toMatchObject({
      code: 'usage',
    });
  });

  test('what a manifest vouches for is a damaged snapshot, a file is no snapshot', async () => {
    const damaged = join(folder, 'damaged.db');
    const bytes = await readFile(file);
    bytes[9_000]! ^= 1;
    await writeFile(damaged, bytes);
    const source = { file: damaged };
    await expect(restoreDatadir(context, { ...options, source })).rejects.toMatchObject({
      code: 'not-a-snapshot',
    });
    const repository = await openRepository(join(folder, 'repository'), { create: true });
    const cluster = await repository.addCluster('prod');
    await storeSnapshot(repository, cluster, 'nightly-1', await readFile(file));
    await storeSealed(repository, cluster, 'nightly-2', await readFile(file));
    for (const name of ['nightly-1', 'nightly-2']) {
      const snapshot = await repository.snapshot(name);
      const stored = await readFile(snapshot.path);
      stored[9_000 % stored.length]! ^= 1;
      await writeFile(snapshot.path, stored);
      const source = { repository, snapshot };
      await expect(restoreDatadir(context, { ...options, source })).rejects.toMatchObject({
        code: 'snapshot-damaged',
        message: expect.stringContaining(name) as string,
      });
    }
    expect(await readdir(join(dataDir, '..'))).toEqual([]);
  });

  test('separate runs agree on a token for the same snapshot and cluster, and on no other', async () => {
    const token = await agreedToken({ file }, 'm1=http://a:1,m2=http://b:1,m1=http://c:1');
    expect(token).toMatch(/^holdfast-[0-9a-f]{16}$/);
    expect(await agreedToken({ file }, 'm2=http://b:1,m1=http://c:1,m1=http://a:1')).toBe(token);
    expect(await agreedToken({ file }, 'm2=http://b:1,m1=http://c:1')).not.toBe(token);
    const copied = join(folder, 'copied.db');
    await writeFile(copied, (await readFile(file)).subarray(0, -32));
    expect(await agreedToken({ file: copied }, 'm1=http://a:1,m2=http://b:1,m1=http://c:1')).toBe(token);
    expect(uniqueToken()).not.toBe(uniqueToken());
  });
});
