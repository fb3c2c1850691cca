import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { SnapshotManifest } from '@holdfast/model';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import type { ClusterName } from './entry.ts';
import { openManifest } from './manifest/index.ts';
import { openRepository, type Repository } from './repository.ts';
import { evidenceOf, manifestOf, storedManifestOf, storeSnapshot } from './testing/snapshot.ts';

const base = mkdtempSync(join(tmpdir(), 'holdfast-repository-'));
afterAll(() => rmSync(base, { recursive: true, force: true }));
let count = 0;
const folder = (): string => join(base, String((count += 1)));
/** That of the first commit in a new repository. */
const manifest = 'manifest-000000000001.json';
const plain = { role: 'snapshot', encoding: 'plain' } as const;
const content = Buffer.from('an etcd snapshot, as far as a repository cares');

let repository: Repository;
let prod: ClusterName;
beforeEach(async () => {
  repository = await openRepository(folder(), { create: true });
  const { id, name } = await repository.addCluster('prod');
  prod = { id, name };
});

const names = async (): Promise<string[]> => (await repository.snapshots()).snapshots.map(({ name }) => name);
const fileOf = (name: string, file: string): string =>
  join(repository.location, 'clusters', prod.id, 'snapshots', name, file);

describe('opening', () => {
  test('a missing or empty folder is no repository until one is asked for', async () => {
    const path = folder();
    await expect(openRepository(path, { create: false })).rejects.toMatchObject({
      code: 'repository-missing',
    });
    mkdirSync(path);
    await expect(openRepository(path, { create: false })).rejects.toMatchObject({
      code: 'repository-missing',
    });
    expect(readdirSync(path)).toEqual([]);
    const made = await openRepository(join(path, 'deep/er'), { create: true });
    const again = await openRepository(join(path, 'deep/er'), { create: false });
    expect(again.record).toEqual(made.record);
  });

  test('a folder of other things, or a file, is left alone', async () => {
    const [path, file] = [folder(), folder()];
    mkdirSync(path);
    writeFileSync(join(path, '.bashrc'), '');
    writeFileSync(file, '');
    for (const create of [true, false]) {
      await expect(openRepository(path, { create })).rejects.toMatchObject({ code: 'repository-foreign' });
      await expect(openRepository(file, { create })).rejects.toMatchObject({ code: 'repository-foreign' });
    }
    expect(readdirSync(path)).toEqual(['.bashrc']);
  });

  test('many who make it at once get one repository, and one cluster of a name', async () => {
    const path = folder();
    const opened = await Promise.all(Array.from({ length: 8 }, () => openRepository(path, { create: true })));
    expect(new Set(opened.map(({ record }) => record.id)).size).toBe(1);
    const clusters = await Promise.all(opened.map((each) => each.addCluster('prod')));
    expect(new Set(clusters.map(({ id }) => id)).size).toBe(1);
    expect(await opened[0]!.clusters()).toEqual([clusters[0]]);
  });

  test('a repository of a later version is not touched', async () => {
    const path = join(repository.location, 'holdfast-repository.json');
    writeFileSync(path, JSON.stringify({ ...repository.record, apiVersion: 'holdfast.dev/v2' }));
    await expect(openRepository(repository.location, { create: true })).rejects.toMatchObject({
      code: 'repository-newer',
    });
  });

  test('fields that a reader does not know do not disturb it', async () => {
    const path = join(repository.location, 'holdfast-repository.json');
    writeFileSync(path, JSON.stringify({ ...repository.record, colour: 'blue' }));
    expect((await openRepository(repository.location, { create: false })).record).toEqual(repository.record);
  });
});

describe('a snapshot', () => {
  test('exists once its manifest is there, byte for byte as it was written', async () => {
    const writer = await repository.stageSnapshot(prod.id, 'one', { unique: true });
    const file = await writer.begin(plain);
    await file.write(content);
    expect(readFileSync(file.path!)).toEqual(content);
    expect(await names()).toEqual([]);
    await expect(repository.snapshot('one')).rejects.toMatchObject({ code: 'snapshot-missing' });
    await writer.commit(manifestOf('one', prod, content));
    await writer.discard();
    const entry = await repository.snapshot('one');
    expect(entry).toMatchObject({
      cluster: { id: prod.id, name: 'prod' },
      state: 'stored',
      damage: null,
      pin: null,
      unwanted: null,
    });
    expect(readFileSync(entry.path)).toEqual(content);
    expect((await repository.snapshots()).unfinished).toEqual([]);
    expect(readdirSync(dirname(entry.path)).sort()).toEqual([manifest, 'snapshot.db']);
    const envelope = openManifest(readFileSync(fileOf('one', manifest)), 'x');
    const stored = storedManifestOf('one', prod, content);
    expect(envelope.payload.toString()).toBe(`${JSON.stringify(SnapshotManifest.parse(stored), null, 2)}\n`);
    expect(entry.manifest).toEqual(stored);
  });

  test('that is discarded leaves nothing and frees its name', async () => {
    const writer = await repository.stageSnapshot(prod.id, 'one', { unique: false });
    await (await writer.begin(plain)).write(content);
    await writer.discard();
    expect(readdirSync(join(repository.location, '.staging'))).toEqual([]);
    expect(readdirSync(join(repository.location, 'clusters', prod.id))).toEqual(['cluster.json']);
    await storeSnapshot(repository, prod, 'one', content);
  });

  test('never replaces another of its name', async () => {
    await storeSnapshot(repository, prod, 'one', content);
    await expect(repository.stageSnapshot(prod.id, 'one', { unique: false })).rejects.toMatchObject({
      code: 'snapshot-name-taken',
    });
    const writers = await Promise.all(
      Array.from({ length: 6 }, () => repository.stageSnapshot(prod.id, 'one', { unique: true })),
    );
    expect(writers.map(({ name }) => name).sort()).toEqual([
      'one.2',
      'one.3',
      'one.4',
      'one.5',
      'one.6',
      'one.7',
    ]);
    await expect(repository.stageSnapshot(prod.id, 'one.2', { unique: false })).rejects.toMatchObject({
      code: 'snapshot-busy',
    });
    await Promise.all(writers.map((writer) => writer.discard()));
    expect(await names()).toEqual(['one']);
  });

  test.each(['..', 'a/b', '', '.x'])('cannot be called %j', async (name) => {
    await expect(repository.stageSnapshot(prod.id, name, { unique: true })).rejects.toMatchObject({
      code: 'snapshot-name-invalid',
    });
  });

  test('is not committed with the manifest of another', async () => {
    const writer = await repository.stageSnapshot(prod.id, 'one', { unique: false });
    await (await writer.begin(plain)).write(content);
    await expect(writer.commit(manifestOf('two', prod, content))).rejects.toThrow(RangeError);
    await expect(writer.commit(manifestOf('one', prod, content, { objects: [] }))).rejects.toThrow(
      RangeError,
    );
    await writer.discard();
    expect(await names()).toEqual([]);
  });

  test('is found by its exact name, in its cluster', async () => {
    const test = await repository.addCluster('test');
    await storeSnapshot(repository, prod, 'one', content);
    await storeSnapshot(repository, test, 'one', content);
    await expect(repository.snapshot('one')).rejects.toMatchObject({ code: 'cluster-ambiguous' });
    await expect(repository.snapshot('on')).rejects.toMatchObject({ code: 'snapshot-missing' });
    await expect(repository.snapshot('one', 'dev')).rejects.toMatchObject({ code: 'cluster-missing' });
    expect((await repository.snapshot('one', 'test')).cluster.id).toBe(test.id);
    expect((await repository.snapshot('one', prod.id)).cluster.name).toBe('prod');
    expect((await repository.snapshots('test')).snapshots).toHaveLength(1);
  });

  test('keeps every verification; the newest decides', async () => {
    await storeSnapshot(repository, prod, 'one', content);
    const state = async (): Promise<string> => (await repository.snapshot('one')).state;
    const one = await repository.snapshot('one');
    for (const [at, outcome, expected] of [
      ['2026-11-20T12:00:01Z', 'passed', 'verified'],
      ['2026-11-20T12:00:03Z', 'failed', 'damaged'],
      ['2026-11-20T12:00:02Z', 'passed', 'damaged'],
      ['2026-11-20T12:00:04Z', 'passed', 'verified'],
      ['2026-11-20T12:00:04Z', 'passed', 'verified'],
    ] as const) {
      await repository.addEvidence(one, evidenceOf('one', at, outcome));
      expect(await state()).toBe(expected);
    }
    expect((await repository.snapshot('one')).evidence.map(({ at }) => at.slice(17, 19))).toEqual([
      '01',
      '02',
      '03',
      '04',
      '04',
    ]);
    expect(readdirSync(fileOf('one', 'evidence'))[0]).toMatch(/^20261120T120001\.000Z-[0-9a-f]{8}\.json$/);
  });

  test('keeps the pin that it has until it is unpinned', async () => {
    await storeSnapshot(repository, prod, 'one', content);
    const one = await repository.snapshot('one');
    expect(await repository.unpin(one)).toBe(false);
    expect(await repository.pin(one, 'before the upgrade')).toBe(true);
    expect(await repository.pin(one, 'again')).toBe(false);
    expect((await repository.snapshot('one')).pin?.reason).toBe('before the upgrade');
    expect(await repository.unpin(one)).toBe(true);
    expect((await repository.snapshot('one')).pin).toBeNull();
  });

  test('holds for ever where nothing else is said, and until its time where it is', async () => {
    await storeSnapshot(repository, prod, 'one', content);
    const one = await repository.snapshot('one');
    const at = '2026-01-01T00:00:00.000Z';
    const before = { apiVersion: 'holdfast.dev/v1', kind: 'Pin', at, reason: 'of an older version' };
    writeFileSync(fileOf('one', 'pin.json'), JSON.stringify(before));
    expect((await repository.snapshot('one')).pin).toEqual({ ...before, until: null });
    writeFileSync(fileOf('one', 'pin.json'), JSON.stringify({ ...before, until: at }));
    expect([(await repository.snapshot('one')).pin, await repository.isPinned(one)]).toEqual([null, false]);
    expect(await repository.pin(one, 'anew', new Date('2999-01-01'))).toBe(true);
    expect((await repository.snapshot('one')).pin).toMatchObject({
      reason: 'anew',
      until: '2999-01-01T00:00:00.000Z',
    });
    writeFileSync(fileOf('one', 'pin.json'), '{');
    expect([await repository.isPinned(one), await repository.pin(one, 'no')]).toEqual([true, false]);
  });

  test('is read whole or in part', async () => {
    await storeSnapshot(repository, prod, 'one', content);
    const one = await repository.snapshot('one');
    const chunks: Uint8Array[] = [];
    for await (const chunk of repository.readContent(one)) chunks.push(chunk);
    expect(Buffer.concat(chunks).toString()).toBe(content.toString());
    const source = await repository.openContent(one);
    expect(Buffer.from(await source.read(3, 7)).toString()).toBe('etcd');
  });

  test('that is deleted is gone with all that belongs to it', async () => {
    await storeSnapshot(repository, prod, 'one', content);
    const one = await repository.snapshot('one');
    await repository.pin(one, 'x');
    await repository.addEvidence(one, evidenceOf('one', '2026-11-20T12:00:01Z', 'passed'));
    await repository.deleteSnapshot(prod.id, 'one');
    expect(readdirSync(join(repository.location, 'clusters', prod.id))).toEqual([
      'cluster.json',
      'lease',
      'removed',
    ]);
    await expect(repository.deleteSnapshot(prod.id, 'one')).rejects.toMatchObject({
      code: 'snapshot-missing',
    });
    expect(readdirSync(join(repository.location, 'clusters', prod.id))).toEqual([
      'cluster.json',
      'lease',
      'removed',
    ]);
  });
});
