import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { Failure, systemClock } from '@holdfast/base';
import { Retention, type SnapshotManifest } from '@holdfast/model';
import {
  LocalStorage,
  openRepository,
  ReadOnlyStorage,
  type Repository,
  type Storage,
} from '@holdfast/repository';
import { findLeftovers } from '@holdfast/repository/maintenance';
import { Died, evidenceOf, FaultyStorage, storeSnapshot } from '@holdfast/repository/testing';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { VerbContext } from '../context.ts';
import { previewRetention } from './preview.ts';
import { prune, type PruneResult } from './prune.ts';
import type { RetainRequest } from './retain-request.ts';

const dayMs = 24 * 3_600_000;
let folder: string;
let repository: Repository;
let now: Date;
const clock = { ...systemClock, now: () => now };
const context: VerbContext = { clock, signal: new AbortController().signal, holdfast: '0.1.0' };
const daily: RetainRequest = { policy: 'daily', retention: Retention.parse({ last: 2 }), cluster: 'prod' };

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-retain-'));
  now = new Date('2026-11-22T12:00:00Z');
  repository = await openRepository(folder, { create: true, clock });
});
afterEach(() => rm(folder, { recursive: true }));

interface SaveOptions {
  readonly policy?: string | null;
  readonly cluster?: string;
  readonly prefix?: string;
  readonly trigger?: SnapshotManifest['trigger'];
}

/** Stores verified snapshots of a policy, named after their days, the last one of 21 November. */
async function save(
  days: number,
  { policy = 'daily', cluster = 'prod', prefix = 'd', trigger = 'schedule' }: SaveOptions = {},
): Promise<void> {
  const owner = await repository.addCluster(cluster);
  for (let i = days - 1; i >= 0; i -= 1) {
    const at = new Date(Date.UTC(2026, 10, 21 - i, 2)).toISOString();
    const name = `${prefix}${at.slice(8, 10)}`;
    const times = { startedAt: at, finishedAt: at };
    await storeSnapshot(repository, owner, name, Buffer.from(name), { policy, trigger, times });
    await repository.addEvidence({ name, cluster: owner }, evidenceOf(name, at, 'passed'));
  }
}

/** Makes every claim and lease that of a process that has ended, as it would be after a real death. */
async function buryHolders(): Promise<void> {
  for (const file of await readdir(folder, { recursive: true })) {
    if (!/\/(?:claim-|lease\/)\d+\.json$/.test(file)) continue;
    const record = await readFile(join(folder, file), 'utf8');
    await writeFile(join(folder, file), record.replace(/"started": ".*"/, '"started": "0"'));
  }
}

const names = async (cluster = 'prod'): Promise<string[]> =>
  (await repository.snapshots(cluster)).snapshots.map(({ name }) => name);
const reopened = (storage: Storage): Promise<Repository> => openRepository(storage, { create: false, clock });
const outcomes = ({ snapshots }: PruneResult): Record<string, string> =>
  Object.fromEntries(snapshots.map(({ entry, outcome }) => [entry.name, outcome]));
const later = (ms: number): void => {
  now = new Date(now.getTime() + ms);
};

describe('in two cycles', () => {
  test('what is not wanted is marked first, and deleted a day later', async () => {
    await save(4);
    expect(outcomes(await prune(context, repository, daily))).toEqual({
      d21: 'kept',
      d20: 'kept',
      d19: 'marked',
      d18: 'marked',
    });
    const { unwanted } = await repository.snapshot('d18', 'prod');
    expect(unwanted).toMatchObject({
      since: '2026-11-22T12:00:00.000Z',
      policy: 'daily',
      why: 'no rule keeps it (last 2)',
    });
    expect(await findLeftovers(repository, clock, await repository.snapshots())).toEqual([]);
    later(dayMs - 1);
    expect(outcomes(await prune(context, repository, daily))).toMatchObject({ d19: 'waits', d18: 'waits' });
    later(1);
    const result = await prune(context, repository, daily);
    expect(outcomes(result)).toEqual({ d21: 'kept', d20: 'kept', d19: 'deleted', d18: 'deleted' });
    expect(result).toMatchObject({ freedBytes: 6, cleared: [] });
    expect(await names()).toEqual(['d20', 'd21']);
  });

  test('a preview says the same and changes nothing', async () => {
    await save(3);
    const preview = await previewRetention(context, repository, daily);
    const told = preview.snapshots.map(({ entry, fate, goesAt }) => [
      entry.name,
      fate,
      goesAt?.toISOString(),
    ]);
    expect(told).toEqual([
      ['d21', 'kept', undefined],
      ['d20', 'kept', undefined],
      ['d19', 'marked', '2026-11-23T12:00:00.000Z'],
    ]);
    expect((await repository.snapshot('d19')).unwanted).toBeNull();
  });

  test('the mark of what is wanted again is taken off, and it begins anew', async () => {
    await save(3);
    await prune(context, repository, daily);
    await prune(context, repository, { ...daily, retention: Retention.parse({ last: 3 }) });
    expect((await repository.snapshot('d19')).unwanted).toBeNull();
    later(2 * dayMs);
    expect(outcomes(await prune(context, repository, daily))).toMatchObject({ d19: 'marked' });
  });

  test('a pin between the two keeps it, until the pin ends', async () => {
    await save(3);
    await prune(context, repository, daily);
    later(dayMs);
    await repository.pin(await repository.snapshot('d19'), 'wait', new Date(now.getTime() + dayMs));
    expect(outcomes(await prune(context, repository, daily))).toMatchObject({ d19: 'kept' });
    later(dayMs);
    expect((await repository.snapshot('d19')).pin).toBeNull();
    expect(outcomes(await prune(context, repository, daily))).toMatchObject({ d19: 'marked' });
    later(dayMs);
    expect(outcomes(await prune(context, repository, daily))).toMatchObject({ d19: 'deleted' });
  });

  test('a mark that a wrong clock or nobody can have made counts from now on', async () => {
    await save(4);
    later(365 * dayMs);
    await prune(context, repository, { ...daily, retention: Retention.parse({ last: 3 }) });
    now = new Date('2026-11-22T12:00:00Z');
    await repository.markUnwanted(await repository.snapshot('d19'), { policy: 'daily', why: '' });
    const mark = join(dirname((await repository.snapshot('d19')).path), 'unwanted.json');
    await writeFile(mark, '{');
    expect(outcomes(await prune(context, repository, daily))).toMatchObject({ d18: 'marked', d19: 'marked' });
    expect((await repository.snapshot('d18')).unwanted?.since).toBe(now.toISOString());
    expect((await repository.snapshot('d19')).unwanted?.since).toBe(now.toISOString());
  });

  test('without grace it goes at once', async () => {
    await save(3);
    expect(outcomes(await prune(context, repository, { ...daily, graceMs: 0 }))).toMatchObject({
      d19: 'deleted',
    });
  });
});

describe('what is not its own', () => {
  test('other policies, other clusters and what was saved by hand stay', async () => {
    await save(3);
    await save(3, { policy: 'daily-pre-upgrade', prefix: 'up' });
    await save(3, { prefix: 'hand', policy: null, trigger: 'manual' });
    await save(3, { cluster: 'lab' });
    await prune(context, repository, { ...daily, graceMs: 0 });
    expect((await names()).toSorted()).toEqual(
      ['d20', 'd21', 'hand19', 'hand20', 'hand21', 'up19', 'up20', 'up21'].toSorted(),
    );
    expect(await names('lab')).toEqual(['d19', 'd20', 'd21']);
  });

  test('of several clusters one has to be named, unless the scope is the repository', async () => {
    await save(2);
    await save(2, { cluster: 'lab' });
    const { cluster: _, ...unnamed } = daily;
    await expect(prune(context, repository, unnamed)).rejects.toMatchObject({ code: 'cluster-ambiguous' });
    const all = { ...unnamed, retention: Retention.parse({ last: 1, scope: 'repository' }), graceMs: 0 };
    expect(
      (await prune(context, repository, all)).snapshots.map(({ outcome }) => outcome).toSorted(),
    ).toEqual(['deleted', 'deleted', 'kept', 'kept']);
    expect([await names(), await names('lab')]).toEqual([['d21'], ['d21']]);
    await expect(prune(context, repository, { ...daily, cluster: 'no' })).rejects.toMatchObject({
      code: 'cluster-missing',
    });
  });
});

describe('what fails', () => {
  test('nothing is done where nothing may be written, and it is said of each', async () => {
    await save(4);
    const readOnly = await reopened(new ReadOnlyStorage(new LocalStorage(folder)));
    const { snapshots } = await prune(context, readOnly, daily);
    expect(snapshots.map(({ outcome, failure }) => [outcome, failure?.code])).toEqual([
      ['kept', undefined],
      ['kept', undefined],
      ['failed', 'repository-read-only'],
      ['failed', 'repository-read-only'],
    ]);
  });

  test('one that fails keeps no other', async () => {
    await save(5);
    const storage = new FaultyStorage(new LocalStorage(folder));
    storage.failNext('put', new Failure('disk-full', 'ENOSPC', { path: 'x' }));
    expect(outcomes(await prune(context, await reopened(storage), daily))).toMatchObject({
      d17: 'failed',
      d18: 'marked',
      d19: 'marked',
    });
  });

  test('wherever it dies, nothing that is wanted is lost, and the next one goes on', async () => {
    await save(3);
    await prune(context, repository, daily);
    later(dayMs);
    const kept = join(folder, '..', `${basename(folder)}-kept`);
    await cp(folder, kept, { recursive: true });
    try {
      let changes = 0;
      for (; ; changes += 1) {
        const storage = new FaultyStorage(new LocalStorage(folder));
        const mortal = await reopened(storage);
        storage.dieAfter(changes);
        const death = await prune(context, mortal, daily).catch((error: unknown) => error);
        expect((await names()).slice(-2)).toEqual(['d20', 'd21']);
        await buryHolders();
        await prune(context, repository, daily);
        const { snapshots, unfinished } = await repository.snapshots('prod');
        expect([snapshots.map(({ name }) => name), unfinished]).toEqual([['d20', 'd21'], []]);
        if (!(death instanceof Died)) break;
        await rm(folder, { recursive: true });
        await cp(kept, folder, { recursive: true });
      }
      expect(changes).toBeGreaterThan(8);
    } finally {
      await rm(kept, { recursive: true });
    }
  });
});
