import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { systemClock as clock } from '@holdfast/base';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openSqliteStore } from '../sqlite/open.ts';
import { expectVersionOne, versionOne } from '../testing/version-1.ts';
import { schemaVersion } from './migrate.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-migrate-'));
});
afterEach(async () => rm(folder, { recursive: true }));

test('a SQLite of schema version 1 is moved on and keeps its rows, and has the schema of a new one', async () => {
  const file = join(folder, 'old.db');
  const database = new DatabaseSync(file);
  database.exec(versionOne('sqlite'));
  database.close();
  {
    await using store = await openSqliteStore({ file, clock });
    await expectVersionOne(store);
  }
  const fresh = join(folder, 'new.db');
  await (await openSqliteStore({ file: fresh, clock }))[Symbol.asyncDispose]();
  expect(schemaOf(file)).toEqual(schemaOf(fresh));
});

test('of every version that was released there is a database to move on, of both kinds', async () => {
  const versions = Array.from({ length: schemaVersion }, (_, n) => `version-${n + 1}`);
  const expected = versions.flatMap((name) => [`${name}.postgresql.sql`, `${name}.sqlite.sql`]);
  const there = await readdir(join(import.meta.dirname, 'fixtures'));
  expect(there.toSorted()).toEqual(expected.toSorted());
});

function schemaOf(file: string): string[] {
  using database = new DatabaseSync(file);
  const rows = database.prepare('select type, name, sql from sqlite_master order by type, name').all();
  return rows.map(({ type, name, sql }) =>
    [type, name, sql].map(String).join(' ').replaceAll(/\s+/g, ' ').toLowerCase(),
  );
}
