import { systemClock as clock } from '@holdfast/base';
import { postgresqlOrSkip, startPostgresql } from '@holdfast/test-servers';
import { expect, test } from 'vitest';
import { openPostgresStore } from '../postgresql/open.ts';
import { expectVersionOne, versionOne } from '../testing/version-1.ts';

const schema = `select table_name, column_name, data_type, collation_name, is_nullable from information_schema.columns
  where table_schema = 'public' order by 1, 2;
  select indexdef from pg_indexes where schemaname = 'public' order by 1;
  select conrelid::regclass::text, pg_get_constraintdef(oid) from pg_constraint
  where connamespace = 'public'::regnamespace order by 1, 2`;

test.skipIf((await postgresqlOrSkip()).skip)(
  'a PostgreSQL of schema version 1 is moved on and keeps its rows, and has the schema of a new one',
  async () => {
    await using server = await startPostgresql();
    const [old, fresh] = [await server.database(), await server.database()];
    await server.ask(old, versionOne('postgresql'));
    {
      await using store = await openPostgresStore({ url: old, clock });
      await expectVersionOne(store);
    }
    await (await openPostgresStore({ url: fresh, clock }))[Symbol.asyncDispose]();
    expect(await server.ask(old, schema)).toBe(await server.ask(fresh, schema));
  },
);
