import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Failure } from '@holdfast/base';
import type { ClusterRecord } from '@holdfast/model';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { openRepository, type Repository } from './repository.ts';
import { LocalStorage } from './storage/local/local.ts';
import { storeSnapshot } from './testing/snapshot.ts';

const base = mkdtempSync(join(tmpdir(), 'holdfast-removal-'));
afterAll(() => rmSync(base, { recursive: true, force: true }));

let path: string;
let repository: Repository;
let prod: ClusterRecord;
beforeEach(async () => {
  path = mkdtempSync(join(base, 'r-'));
  repository = await openRepository(path, { create: true });
  prod = await repository.addCluster('prod');
});

const folder = (name: string): string => join(path, 'clusters', prod.id, 'snapshots', name);
const names = async (): Promise<string[]> => (await repository.snapshots()).snapshots.map(({ name }) => name);
const lineageOf = async (name: string) => (await repository.snapshot(name)).manifest.lineage;

/** As if whoever holds the claim on a name had ended. */
function bury(name: string): void {
  for (const file of readdirSync(folder(name)).filter((each) => each.startsWith('claim-'))) {
    const claim = readFileSync(join(folder(name), file), 'utf8');
    writeFileSync(join(folder(name), file), claim.replace(/"started": ".*"/, '"started": "0"'));
  }
}

describe('a number in a chain', () => {
  test('is never given twice, whatever was removed', async () => {
    for (const name of ['a', 'b', 'c']) await storeSnapshot(repository, prod, name, Buffer.from(name));
    const c = await repository.snapshot('c');
    for (const name of ['c', 'a']) await repository.deleteSnapshot(prod.id, name);
    await storeSnapshot(repository, prod, 'd', Buffer.from('d'));
    expect(await lineageOf('d')).toEqual({
      writer: null,
      sequence: 4,
      previous: { name: 'c', sha256: c.manifestSha256 },
    });
    for (const name of ['b', 'd']) await repository.deleteSnapshot(prod.id, name);
    await storeSnapshot(repository, prod, 'a', Buffer.from('again'));
    expect(await lineageOf('a')).toMatchObject({ sequence: 5, previous: { name: 'd' } });
  });

  test('is not guessed where the one before cannot be read at the moment', async () => {
    await storeSnapshot(repository, prod, 'a', Buffer.from('a'));
    const storage = new LocalStorage(path);
    const get = storage.get.bind(storage);
    const failing = await openRepository(storage, { create: false });
    storage.get = async (key, limit) => {
      if (key.includes('/manifest-')) throw new Failure('file-unreadable', 'EIO', { path: key });
      return get(key, limit);
    };
    await expect(storeSnapshot(failing, prod, 'b', Buffer.from('b'))).rejects.toMatchObject({
      code: 'file-unreadable',
    });
    expect(await names()).toEqual(['a']);
  });
});

test('a removal that was taken for dead, and wakes up, takes nothing from its successor', async () => {
  await storeSnapshot(repository, prod, 'a', Buffer.from('first'));
  const storage = new LocalStorage(path);
  const remove = storage.delete.bind(storage);
  let asleep = true;
  storage.delete = async (key) => {
    const done = await remove(key);
    if (asleep && key.includes('/manifest-')) {
      asleep = false;
      bury('a');
      await storeSnapshot(repository, prod, 'a', Buffer.from('other'));
    }
    return done;
  };
  const sleeper = await openRepository(storage, { create: false });
  await expect(sleeper.deleteSnapshot(prod.id, 'a')).rejects.toMatchObject({ code: 'snapshot-busy' });
  expect(await repository.snapshot('a')).toMatchObject({ damage: null, manifest: { content: { size: 5 } } });
  expect(readFileSync(join(folder('a'), 'snapshot.db'), 'utf8')).toBe('other');
});

async function unfinished(name: string): Promise<void> {
  const writer = await repository.stageSnapshot(prod.id, name, { unique: false });
  await (await writer.begin({ role: 'snapshot', encoding: 'plain' })).write(Buffer.from('half'));
  await writer.place();
}

describe('remains are cleared away', () => {
  test('when their writer has ended, and not before', async () => {
    await unfinished('a');
    expect(await repository.clearRemains(prod.id, 'a')).toBe(false);
    expect((await repository.snapshots()).unfinished).toMatchObject([{ name: 'a', busy: true }]);
    bury('a');
    expect(await repository.clearRemains(prod.id, 'a')).toBe(true);
    expect(existsSync(folder('a'))).toBe(false);
  });

  test('not when they are pinned, nor without the claim of a writer', async () => {
    await unfinished('a');
    bury('a');
    await repository.pin({ cluster: prod, name: 'a' }, 'look at it');
    expect(await repository.clearRemains(prod.id, 'a')).toBe(false);
    await unfinished('b');
    rmSync(join(folder('b'), 'claim-1.json'));
    expect(await repository.clearRemains(prod.id, 'b')).toBe(false);
    for (const name of ['a', 'b']) expect(readdirSync(folder(name))).toContain('snapshot.db');
  });

  test('of a snapshot that exists only the claim goes', async () => {
    await storeSnapshot(repository, prod, 'a', Buffer.from('a'));
    const claim = join(folder('a'), 'claim-1.json');
    writeFileSync(claim, '{"machine":"x"}');
    expect(await repository.clearRemains(prod.id, 'a')).toBe(false);
    await storeSnapshot(repository, prod, 'b', Buffer.from('b'));
    const writer = await repository.stageSnapshot(prod.id, 'c', { unique: false });
    writeFileSync(claim, readFileSync(join(folder('c'), 'claim-1.json')));
    await writer.discard();
    bury('a');
    expect(await repository.clearRemains(prod.id, 'a')).toBe(true);
    expect(existsSync(claim)).toBe(false);
    expect(await names()).toEqual(['a', 'b']);
  });
});

test('of two first saves in a cluster neither takes the record of commits for lost', async () => {
  const storage = new LocalStorage(path);
  const list = storage.list.bind(storage);
  let first = true;
  storage.list = async function* (below, passOver) {
    if (first && below.endsWith('/snapshots')) {
      first = false;
      await storeSnapshot(repository, prod, 'a', Buffer.from('a'));
    }
    yield* list(below, passOver);
  };
  const other = await openRepository(storage, { create: false });
  await storeSnapshot(other, prod, 'b', Buffer.from('b'));
  expect(first).toBe(false);
  expect(await names()).toEqual(['a', 'b']);
});
