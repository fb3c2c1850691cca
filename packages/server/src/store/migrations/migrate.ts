import { Failure, type Clock } from '@holdfast/base';
import { sql, type Kysely } from 'kysely';
import { first } from './0001-first.ts';
import { columnTypes, type Migration } from './migration.ts';

/** All of them, in order. */
const migrations: readonly Migration[] = [first];

/** The schema's version that this Holdfast works with. */
export const schemaVersion = migrations.length;

/**
 * Moves the schema on to this Holdfast's version, forward only. To be called within a transaction that nobody else migrates
 * beside.
 *
 * @throws Failure store-newer
 */
export async function migrate<Any>(
  db: Kysely<Any>,
  kind: 'sqlite' | 'postgresql',
  clock: Clock,
): Promise<void> {
  const types = columnTypes[kind];
  const table = `create table if not exists schema_versions (version integer primary key, applied_at ${types.text} not null)`;
  await sql.raw(table).execute(db);
  const found = await sql<{
    version: number | null;
  }>`select max(version) as version from schema_versions`.execute(db);
  const version = found.rows[0]?.version ?? 0;
  if (version > schemaVersion)
    throw new Failure(
      'store-newer',
      `its schema has version ${version}; this Holdfast knows ${schemaVersion}`,
    );
  for (const migration of migrations.slice(version)) {
    for (const statement of migration.statements(types)) await sql.raw(statement).execute(db);
    const at = clock.now().toISOString();
    await sql`insert into schema_versions (version, applied_at) values (${migration.version}, ${at})`.execute(
      db,
    );
  }
}
