import { sql, type Selectable } from 'kysely';
import type { JoinTokenTable, StoredJoinToken } from '../nodes.ts';
import type { Access } from './access.ts';
import { owned } from './constraints.ts';
import type { Rows } from './rows.ts';

export function joinTokenTable(access: Access): JoinTokenTable {
  return {
    create: async ({ id, hash, cluster, expiresAt, usesLeft, createdBy }) => {
      const row = { id, hash, cluster, expires_at: expiresAt, uses_left: usesLeft, created_by: createdBy };
      const adding = access.ask(async (db) => db.insertInto('join_tokens').values(row).execute());
      await owned('cluster-unknown', { cluster }, adding);
    },
    get: async (id) => {
      const row = await access.ask(async (db) =>
        db.selectFrom('join_tokens').selectAll().where('id', '=', id).executeTakeFirst(),
      );
      return row && tokenOf(row);
    },
    ofCluster: async (cluster) => {
      const rows = await access.ask(async (db) =>
        db
          .selectFrom('join_tokens')
          .selectAll()
          .where('cluster', '=', cluster)
          .orderBy('expires_at')
          .orderBy('id')
          .execute(),
      );
      return rows.map((row) => tokenOf(row));
    },
    use: async (id) =>
      access.ask(async (db) => {
        // Less one of null is null: as many as one likes.
        const { numUpdatedRows } = await db
          .updateTable('join_tokens')
          .set({ uses_left: sql<number | null>`uses_left - 1` })
          .where('id', '=', id)
          .where((where) => where.or([where('uses_left', 'is', null), where('uses_left', '>', 0)]))
          .executeTakeFirst();
        return numUpdatedRows > 0n;
      }),
    remove: async (id) =>
      access.ask(async (db) => {
        const { numDeletedRows } = await db.deleteFrom('join_tokens').where('id', '=', id).executeTakeFirst();
        return numDeletedRows > 0n;
      }),
    removeExpired: async (before) => {
      await access.ask(async (db) => db.deleteFrom('join_tokens').where('expires_at', '<', before).execute());
    },
  };
}

function tokenOf(row: Selectable<Rows['join_tokens']>): StoredJoinToken {
  return {
    id: row.id,
    hash: row.hash,
    cluster: row.cluster,
    expiresAt: row.expires_at,
    usesLeft: row.uses_left,
    createdBy: row.created_by,
  };
}
