import type { Grant } from '@holdfast/model/fleet';
import type { Selectable } from 'kysely';
import type { StoredToken, TokenTable } from '../people.ts';
import type { Access } from './access.ts';
import { owned } from './constraints.ts';
import type { Rows } from './rows.ts';

/** Ids that one statement takes. */
const atOnce = 1_000;

export function tokenTable(access: Access): TokenTable {
  return {
    create: async (token) => {
      const row = {
        id: token.id,
        user_id: token.user,
        description: token.description,
        created_at: token.createdAt,
        expires_at: token.expiresAt,
        last_used_at: token.lastUsedAt,
        grants: token.grants === null ? null : JSON.stringify(token.grants),
        hash: token.hash,
        login: Number(token.login),
      };
      const adding = access.ask(async (db) => db.insertInto('tokens').values(row).execute());
      await owned('user-unknown', { user: token.user }, adding);
    },
    get: async (id) => {
      const row = await access.ask(async (db) =>
        db.selectFrom('tokens').selectAll().where('id', '=', id).executeTakeFirst(),
      );
      return row && tokenOf(row);
    },
    ofUser: async (user) => {
      const rows = await access.ask(async (db) =>
        db
          .selectFrom('tokens')
          .selectAll()
          .where('user_id', '=', user)
          .orderBy('created_at')
          .orderBy('id')
          .execute(),
      );
      return rows.map((row) => tokenOf(row));
    },
    used: async (ids, at) => {
      // In order, so that two replicas do not wait for each other.
      const ordered = ids.toSorted();
      await access.together(async (db) => {
        for (let from = 0; from < ordered.length; from += atOnce)
          await db
            .updateTable('tokens')
            .set({ last_used_at: at })
            .where('id', 'in', ordered.slice(from, from + atOnce))
            .execute();
      });
    },
    remove: async (id) =>
      access.ask(async (db) => {
        const { numDeletedRows } = await db.deleteFrom('tokens').where('id', '=', id).executeTakeFirst();
        return numDeletedRows > 0n;
      }),
    removeLogins: async (user, but) => {
      await access.ask(async (db) => {
        const query = db.deleteFrom('tokens').where('user_id', '=', user).where('login', '=', 1);
        return (but === null ? query : query.where('id', '!=', but)).execute();
      });
    },
    removeExpired: async (before) => {
      await access.ask(async (db) => db.deleteFrom('tokens').where('expires_at', '<', before).execute());
    },
  };
}

function tokenOf(row: Selectable<Rows['tokens']>): StoredToken {
  return {
    id: row.id,
    user: row.user_id,
    description: row.description,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    lastUsedAt: row.last_used_at,
    grants: row.grants === null ? null : (JSON.parse(row.grants) as Grant[]),
    hash: row.hash,
    login: row.login === 1,
  };
}
