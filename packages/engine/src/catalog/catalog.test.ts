import {
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Failure, systemClock } from '@holdfast/base';
import { LocalStorage, openRepository, type ClusterName, type Repository } from '@holdfast/repository';
import { evidenceOf, FaultyStorage, manifestOf, storeSnapshot } from '@holdfast/repository/testing';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import type { Progress, VerbContext } from '../context.ts';
import { deleteRemains } from './delete-remains.ts';
import { deleteSnapshot } from './delete.ts';
import { exportSnapshot } from './export.ts';
import { pinSnapshot, unpinSnapshot } from './pin.ts';
import { listSnapshots, showSnapshot } from './show.ts';

const base = mkdtempSync(join(tmpdir(), 'holdfast-catalog-'));
afterAll(() => rmSync(base, { recursive: true, force: true }));
let count = 0;
const content = Buffer.alloc(2_500_000, 'snapshot');
const context: VerbContext = { clock: systemClock, signal: new AbortController().signal, holdfast: '0.1.0' };

let storage: FaultyStorage;
let repository: Repository;
let prod: ClusterName;
let target: string;
beforeEach(async () => {
  const folder = join(base, String((count += 1)));
  target = join(mkdtempSync(join(base, 'target-')), 'exported.db');
  storage = new FaultyStorage(new LocalStorage(folder));
  repository = await openRepository(storage, { create: true });
  prod = await repository.addCluster('prod');
  await store('one', 1);
});

async function store(name: string, hour: number, verified = false): Promise<void> {
  const at = `2026-11-20T1${hour}:00:00.000Z`;
  await storeSnapshot(repository, prod, name, content, { times: { startedAt: at, finishedAt: at } });
  if (!verified) return;
  await repository.addEvidence({ name, cluster: prod }, evidenceOf(name, at, 'passed'));
}

const left = async (): Promise<string[]> =>
  (await listSnapshots(context, repository)).snapshots.map((each) => each.name);

const folderOf = (path: string): string[] => readdirSync(join(path, '..'));

describe('deleting', () => {
  test('a dry run refuses what would be refused and deletes nothing', async () => {
    expect(await deleteSnapshot(context, repository, { name: 'one', dryRun: true })).toMatchObject({
      name: 'one',
    });
    expect(await left()).toEqual(['one']);
    await pinSnapshot(context, repository, { name: 'one', reason: 'upgrade' });
    await expect(deleteSnapshot(context, repository, { name: 'one', dryRun: true })).rejects.toMatchObject({
      code: 'snapshot-pinned',
      why: 'upgrade',
    });
  });

  test('a pinned snapshot stays until it is unpinned', async () => {
    const pinned = await pinSnapshot(context, repository, { name: 'one', reason: '' });
    expect(pinned.pin).toMatchObject({ reason: '' });
    await expect(deleteSnapshot(context, repository, { name: 'one', forceLast: true })).rejects.toMatchObject(
      {
        code: 'snapshot-pinned',
      },
    );
    expect((await unpinSnapshot(context, repository, { name: 'one' })).pin).toBeNull();
    await deleteSnapshot(context, repository, { name: 'one' });
    expect(await left()).toEqual([]);
  });

  test('the newest verified one stays unless it is forced, whatever unverified ones are newer', async () => {
    await store('two', 2, true);
    await store('three', 3, true);
    await store('four', 4);
    await expect(deleteSnapshot(context, repository, { name: 'three' })).rejects.toMatchObject({
      code: 'snapshot-last-verified',
    });
    for (const name of ['two', 'four', 'one']) await deleteSnapshot(context, repository, { name });
    await deleteSnapshot(context, repository, { name: 'three', forceLast: true });
    expect(await left()).toEqual([]);
  });

  test('another cluster does not count', async () => {
    await store('two', 2, true);
    const test = await repository.addCluster('test');
    await storeSnapshot(repository, test, 'two', content);
    await repository.addEvidence(
      { name: 'two', cluster: test },
      evidenceOf('two', '2026-11-21T00:00:00Z', 'passed'),
    );
    for (const cluster of ['prod', 'test', undefined]) {
      await expect(deleteSnapshot(context, repository, { name: 'two', cluster })).rejects.toBeInstanceOf(
        Failure,
      );
    }
    expect(await left()).toHaveLength(3);
  });

  test('what is no snapshot can be cleared away by name, what is one cannot', async () => {
    const writer = await repository.stageSnapshot(prod.id, 'half', { unique: false });
    await (await writer.begin({ role: 'snapshot', encoding: 'plain' })).write(content);
    await expect(deleteRemains(context, repository, { name: 'half' })).rejects.toMatchObject({
      code: 'snapshot-busy',
    });
    await writer.discard();
    await store('torn', 2);
    const { path } = await showSnapshot(context, repository, { name: 'torn' });
    const manifest = readdirSync(dirname(path)).find((each) => each.startsWith('manifest'));
    writeFileSync(join(dirname(path), manifest!), '{');
    await expect(deleteSnapshot(context, repository, { name: 'torn' })).rejects.toMatchObject({
      code: 'manifest-damaged',
    });
    await repository.pin({ name: 'torn', cluster: prod }, 'keep');
    await expect(deleteRemains(context, repository, { name: 'torn' })).rejects.toMatchObject({
      code: 'snapshot-pinned',
    });
    await repository.unpin({ name: 'torn', cluster: prod });
    const remains = { clusterId: prod.id, name: 'torn', why: 'its bytes are not those that were committed' };
    expect(await deleteRemains(context, repository, { name: 'torn', dryRun: true })).toEqual(remains);
    expect(await deleteRemains(context, repository, { name: 'torn' })).toEqual(remains);
    for (const name of ['one', 'torn', 'half']) {
      await expect(deleteRemains(context, repository, { name })).rejects.toMatchObject({
        code: 'snapshot-missing',
      });
    }
    expect(await listSnapshots(context, repository)).toMatchObject({ damaged: [], unfinished: [] });
  });
});

describe('exporting', () => {
  test('writes the very bytes to a new file of this user, with its progress told', async () => {
    const told: Progress[] = [];
    const exported = await exportSnapshot({ ...context, onProgress: (each) => told.push(each) }, repository, {
      name: 'one',
      to: target,
    });
    const { sha256 } = manifestOf('one', prod, content).content;
    expect(exported).toEqual({ name: 'one', path: target, damage: null, size: content.length, sha256 });
    expect(readFileSync(target).equals(content)).toBe(true);
    expect(statSync(target).mode & 0o777).toBe(0o600);
    expect(folderOf(target)).toEqual(['exported.db']);
    expect(told.at(-1)).toEqual({ phase: 'export', done: content.length, total: content.length });
  });

  test.each(['a file', 'a dangling link'])('never overwrites %s', async (kind) => {
    if (kind === 'a file') writeFileSync(target, 'mine');
    else symlinkSync('/nowhere', target);
    await expect(exportSnapshot(context, repository, { name: 'one', to: target })).rejects.toMatchObject({
      code: 'file-exists',
    });
    expect(folderOf(target)).toEqual(['exported.db']);
  });

  test('a file that appears meanwhile stays', async () => {
    const onProgress = (): void => writeFileSync(target, 'mine');
    await expect(
      exportSnapshot({ ...context, onProgress }, repository, { name: 'one', to: target }),
    ).rejects.toMatchObject({ code: 'file-exists' });
    expect(readFileSync(target, 'utf8')).toBe('mine');
    expect(folderOf(target)).toEqual(['exported.db']);
  });

  test('a damaged snapshot is not exported', async () => {
    const { path } = await showSnapshot(context, repository, { name: 'one' });
    for (const damaged of [Buffer.from(content).fill(1, 2_000_000, 2_000_001), content.subarray(1)]) {
      writeFileSync(path, damaged);
      await expect(exportSnapshot(context, repository, { name: 'one', to: target })).rejects.toMatchObject({
        code: 'snapshot-damaged',
        exitCode: 4,
      });
      expect(folderOf(target)).toEqual([]);
    }
  });

  test('leaves nothing when it is interrupted, cannot read, or cannot write', async () => {
    const stop = new AbortController();
    const interrupted = new Failure('interrupted', 'Ctrl-C');
    const onProgress = (): void => stop.abort(interrupted);
    await expect(
      exportSnapshot({ ...context, signal: stop.signal, onProgress }, repository, {
        name: 'one',
        to: target,
      }),
    ).rejects.toBe(interrupted);
    const broken = new Failure('file-unreadable', 'EIO', { path: 'snapshot.db' });
    storage.failNext('read', broken, 1);
    await expect(exportSnapshot(context, repository, { name: 'one', to: target })).rejects.toBe(broken);
    expect(folderOf(target)).toEqual([]);
    const to = join(target, 'no/such/folder');
    await expect(exportSnapshot(context, repository, { name: 'one', to })).rejects.toMatchObject({
      code: 'file-unwritable',
      details: { path: to },
    });
  });
});
