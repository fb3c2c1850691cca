import { Failure } from '@holdfast/base';
import { ClusterSpec } from '@holdfast/model/fleet';
import type { Selectable } from 'kysely';
import type { ClusterTable, StoredCluster } from '../clusters.ts';
import type { Put } from '../store.ts';
import { locking, type Access } from './access.ts';
import { isTaken } from './constraints.ts';
import { pageOf, placeAfter } from './paging.ts';
import type { Rows } from './rows.ts';

/** The clusters; what belongs to one goes with it by the keys that refer to it. */
export function clusterTable(access: Access): ClusterTable {
  const one = async (column: 'id' | 'name', value: string): Promise<StoredCluster | undefined> => {
    const row = await access.ask(async (db) =>
      db.selectFrom('clusters').selectAll().where(column, '=', value).executeTakeFirst(),
    );
    return row && clusterOf(row);
  };
  return {
    create: async ({ id, spec, createdAt }) => {
      const text = JSON.stringify(spec);
      const row = {
        id,
        name: spec.name,
        spec: text,
        created_at: createdAt,
        updated_at: createdAt,
        version: 1,
      };
      const made = await access.ask(async (db) =>
        db
          .insertInto('clusters')
          .values({ ...row, held_by: null })
          .onConflict((conflict) => conflict.column('name').doNothing())
          .returningAll()
          .executeTakeFirst(),
      );
      return made === undefined ? null : clusterOf(made);
    },
    get: async (id) => one('id', id),
    byName: async (name) => one('name', name),
    list: async ({ ids, limit, after }) => {
      const rows = await access.ask(async (db) => {
        let query = db.selectFrom('clusters').selectAll();
        if (ids !== null) query = query.where('id', 'in', ids.length === 0 ? [''] : ids);
        if (after !== undefined) query = query.where('name', '>', placeAfter<[string]>(after, ['string'])[0]);
        return query
          .orderBy('name')
          .limit(limit + 1)
          .execute();
      });
      return pageOf(rows, limit, clusterOf, ({ name }) => [name]);
    },
    all: async () => {
      const rows = await access.ask(async (db) =>
        db.selectFrom('clusters').selectAll().orderBy('name').execute(),
      );
      return rows.map((row) => clusterOf(row));
    },
    put: async (id, version, spec, at) => put(access, id, version, spec, at),
    remove: async (id) =>
      access.ask(async (db) => {
        const { numDeletedRows } = await db.deleteFrom('clusters').where('id', '=', id).executeTakeFirst();
        return numDeletedRows > 0n;
      }),
    hold: async (id, operation) =>
      access.together(async (db) => {
        await db
          .updateTable('clusters')
          .set({ held_by: operation })
          .where('id', '=', id)
          .where('held_by', 'is', null)
          .execute();
        const row = await db.selectFrom('clusters').select('held_by').where('id', '=', id).executeTakeFirst();
        return row?.held_by ?? undefined;
      }),
    release: async (id, operation) => {
      await access.ask(async (db) =>
        db
          .updateTable('clusters')
          .set({ held_by: null })
          .where('id', '=', id)
          .where('held_by', '=', operation)
          .execute(),
      );
    },
  };
}

async function put(
  access: Access,
  id: string,
  version: number | null,
  spec: ClusterSpec,
  at: string,
): Promise<Put<StoredCluster>> {
  const changed = { name: spec.name, spec: JSON.stringify(spec), updated_at: at };
  try {
    return await access.together(async (db) => {
      const found = await locking(
        access,
        db.selectFrom('clusters').selectAll().where('id', '=', id),
      ).executeTakeFirst();
      if (found === undefined) return { missing: true };
      if (version !== null && version !== found.version) return { conflict: clusterOf(found) };
      const set = { ...changed, version: found.version + 1 };
      await db.updateTable('clusters').set(set).where('id', '=', id).execute();
      return { put: clusterOf({ ...found, ...set }) };
    });
  } catch (error) {
    if (!isTaken(error)) throw error;
    throw new Failure('name-taken', 'another cluster has it', { name: spec.name }, { cause: error });
  }
}

function clusterOf(row: Selectable<Rows['clusters']>): StoredCluster {
  return {
    id: row.id,
    spec: ClusterSpec.parse(JSON.parse(row.spec)),
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    version: row.version,
    heldBy: row.held_by,
  };
}
