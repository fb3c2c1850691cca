import { RepositorySpec, type RepositorySecrets } from '@holdfast/model/fleet';
import type { Selectable } from 'kysely';
import type { RepositoryTable, StoredRepository } from '../repositories.ts';
import { locking, type Access } from './access.ts';
import { plainBytes } from './bytes.ts';
import type { Rows } from './rows.ts';

export function repositoryTable(access: Access): RepositoryTable {
  return {
    create: async ({ name, spec, secretNames, sealed, createdAt }) => {
      const made = await access.ask(async (db) =>
        db
          .insertInto('repositories')
          .values({
            name,
            spec: JSON.stringify(spec),
            secret_names: JSON.stringify(secretNames),
            sealed,
            created_at: createdAt,
            version: 1,
            repository_id: null,
            reachable: null,
            why: '',
            scanned_at: null,
          })
          .onConflict((conflict) => conflict.column('name').doNothing())
          .returningAll()
          .executeTakeFirst(),
      );
      return made === undefined ? null : repositoryOf(made);
    },
    get: async (name) => {
      const row = await access.ask(async (db) =>
        db.selectFrom('repositories').selectAll().where('name', '=', name).executeTakeFirst(),
      );
      return row && repositoryOf(row);
    },
    all: async () => {
      const rows = await access.ask(async (db) =>
        db.selectFrom('repositories').selectAll().orderBy('name').execute(),
      );
      return rows.map((row) => repositoryOf(row));
    },
    put: async (name, version, { spec, secretNames, sealed }) =>
      access.together(async (db) => {
        const found = await locking(
          access,
          db.selectFrom('repositories').selectAll().where('name', '=', name),
        ).executeTakeFirst();
        if (found === undefined) return { missing: true };
        if (version !== null && version !== found.version) return { conflict: repositoryOf(found) };
        const set = {
          spec: JSON.stringify(spec),
          secret_names: JSON.stringify(secretNames),
          sealed,
          version: found.version + 1,
        };
        await db.updateTable('repositories').set(set).where('name', '=', name).execute();
        return { put: repositoryOf({ ...found, ...set }) };
      }),
    setStatus: async (name, { repositoryId, reachable, why, scannedAt }) => {
      const set = {
        repository_id: repositoryId,
        reachable: reachable === null ? null : Number(reachable),
        why,
        scanned_at: scannedAt,
      };
      await access.ask(async (db) =>
        db.updateTable('repositories').set(set).where('name', '=', name).execute(),
      );
    },
    remove: async (name) =>
      access.ask(async (db) => {
        const { numDeletedRows } = await db
          .deleteFrom('repositories')
          .where('name', '=', name)
          .executeTakeFirst();
        return numDeletedRows > 0n;
      }),
  };
}

function repositoryOf(row: Selectable<Rows['repositories']>): StoredRepository {
  return {
    name: row.name,
    spec: RepositorySpec.parse(JSON.parse(row.spec)),
    secretNames: JSON.parse(row.secret_names) as (keyof RepositorySecrets)[],
    sealed: row.sealed === null ? null : plainBytes(row.sealed),
    createdAt: row.created_at,
    version: row.version,
    repositoryId: row.repository_id,
    reachable: row.reachable === null ? null : row.reachable === 1,
    why: row.why,
    scannedAt: row.scanned_at,
  };
}
