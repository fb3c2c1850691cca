import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@holdfast/base';
import { openRepository, type Repository } from '@holdfast/repository';
import { manifestOf, storeSnapshot } from '@holdfast/repository/testing';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { VerbContext } from '../context.ts';
import { repositoryStats } from './repository-stats.ts';

const context: VerbContext = { clock: systemClock, signal: new AbortController().signal, holdfast: '0.1.0' };
let folder: string;
let repository: Repository;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-stats-'));
  repository = await openRepository(folder, { create: true });
});
afterEach(() => rm(folder, { recursive: true }));

async function save(cluster: string, name: string, at: string, content = name): Promise<void> {
  const bytes = Buffer.from(content);
  await storeSnapshot(repository, await repository.addCluster(cluster), name, bytes, {
    times: { startedAt: at, finishedAt: at },
  });
}

test('a steady growth is seen on, per cluster', async () => {
  for (let day = 1; day <= 9; day += 1)
    await save('prod', `p${day}`, new Date(Date.UTC(2026, 9, 25 + day)).toISOString(), 'x'.repeat(99) + day);
  await save('lab', 'one', '2026-11-01T00:00:00Z');
  const stats = await repositoryStats(context, repository);
  expect(stats).toMatchObject({
    snapshots: 10,
    logical: 903,
    stored: 903,
    unfinished: 0,
    unreadable: 0,
    duplicates: [],
  });
  const [lab, prod] = stats.clusters;
  expect(lab).toMatchObject({ cluster: { name: 'lab' }, snapshots: 1, forecast: null });
  expect(prod).toMatchObject({
    oldest: '2026-10-26T00:00:00.000Z',
    newest: '2026-11-03T00:00:00.000Z',
    months: [
      { month: '2026-10', snapshots: 6, stored: 600 },
      { month: '2026-11', snapshots: 3, stored: 300 },
    ],
    forecast: { fromDays: 8, bytesPerDay: 100, in30Days: 3900, in365Days: 37_400 },
  });
  expect((await repositoryStats(context, repository, 'lab')).snapshots).toBe(1);
});

test('what is there twice, and what compression and companions make of it', async () => {
  await save('prod', 'a', '2026-11-01T00:00:00Z', 'same');
  await save('lab', 'b', '2026-11-02T00:00:00Z', 'same');
  const cluster = await repository.addCluster('prod');
  const writer = await repository.stageSnapshot(cluster.id, 'c', { unique: false });
  const stored = Buffer.from('small');
  await (await writer.begin({ role: 'snapshot', encoding: 'zstd' })).write(stored);
  const sha256 = createHash('sha256').update(stored).digest('hex');
  await writer.commit(
    manifestOf('c', cluster, Buffer.alloc(50), {
      objects: [{ role: 'snapshot', path: 'snapshot.db.zst', encoding: 'zstd', size: 5, sha256 }],
    }),
  );
  expect(await repositoryStats(context, repository)).toMatchObject({
    logical: 58,
    stored: 13,
    duplicates: [{ size: 4, names: ['prod/a', 'lab/b'] }],
  });
});
