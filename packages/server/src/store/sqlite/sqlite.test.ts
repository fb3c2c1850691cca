import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { systemClock as clock } from '@holdfast/base';
import { expect, test } from 'vitest';
import { storeConformance } from '../testing/store-conformance.ts';
import { sqliteFailure } from './failures.ts';
import { openSqliteStore } from './open.ts';

async function ownFolder(): Promise<AsyncDisposable & { path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'holdfast-store-'));
  return { path, [Symbol.asyncDispose]: async () => rm(path, { recursive: true }) };
}

storeConformance('SQLite', async () => {
  const folder = await ownFolder();
  return {
    replicas: 1,
    open: async () => openSqliteStore({ file: join(folder.path, 'server.db'), clock }),
    [Symbol.asyncDispose]: async () => folder[Symbol.asyncDispose](),
  };
});

test('all files of the store are for its user alone', async () => {
  await using folder = await ownFolder();
  const data = join(folder.path, 'data');
  await using store = await openSqliteStore({ file: join(data, 'server.db'), clock });
  await store.settings.set('x', Uint8Array.of(1));
  const files = await readdir(data);
  expect(files.sort()).toEqual(['server.db', 'server.db-shm', 'server.db-wal']);
  for (const file of files) expect((await stat(join(data, file))).mode & 0o777).toBe(0o600);
  expect((await stat(data)).mode & 0o777).toBe(0o700);
});

test('a database of a newer Holdfast is left alone', async () => {
  await using folder = await ownFolder();
  const file = join(folder.path, 'server.db');
  await (await openSqliteStore({ file, clock }))[Symbol.asyncDispose]();
  const database = new DatabaseSync(file);
  database.exec("insert into schema_versions (version, applied_at) values (999, 'later')");
  database.close();
  await expect(openSqliteStore({ file, clock })).rejects.toMatchObject({ code: 'store-newer' });
});

test('what is no database, or cannot be opened, is told as such', async () => {
  await using folder = await ownFolder();
  const file = join(folder.path, 'server.db');
  await writeFile(file, 'this is not a database '.repeat(100));
  await expect(openSqliteStore({ file, clock })).rejects.toMatchObject({ code: 'store-unreachable' });
  const below = join(file, 'server.db');
  await expect(openSqliteStore({ file: below, clock })).rejects.toMatchObject({ code: 'store-unreachable' });
});

test('that the disk is full is told as such', () => {
  using database = new DatabaseSync(':memory:');
  database.exec('pragma max_page_count = 8; create table t (x blob)');
  let thrown: unknown;
  try {
    database.exec('insert into t values (zeroblob(1000000))');
  } catch (error) {
    thrown = sqliteFailure(error);
  }
  expect(thrown).toMatchObject({ code: 'store-full' });
});
