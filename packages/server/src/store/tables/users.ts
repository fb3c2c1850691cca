import type { Grant } from '@holdfast/model/fleet';
import type { Selectable } from 'kysely';
import type { StoredUser, UserTable } from '../people.ts';
import { locking, type Access } from './access.ts';
import type { Rows } from './rows.ts';

export function userTable(access: Access): UserTable {
  const one = async (column: 'id' | 'name', value: string): Promise<StoredUser | undefined> => {
    const row = await access.ask(async (db) =>
      db.selectFrom('users').selectAll().where(column, '=', value).executeTakeFirst(),
    );
    return row && userOf(row);
  };
  return {
    create: async (user) => {
      const row = {
        id: user.id,
        name: user.name,
        created_at: user.createdAt,
        disabled: Number(user.disabled),
        grants: JSON.stringify(user.grants),
        version: user.version,
        password: user.password,
      };
      const made = await access.ask(async (db) =>
        db
          .insertInto('users')
          .values(row)
          .onConflict((conflict) => conflict.column('name').doNothing())
          .returningAll()
          .executeTakeFirst(),
      );
      return made === undefined ? null : userOf(made);
    },
    get: async (id) => one('id', id),
    byName: async (name) => one('name', name),
    all: async () => {
      const rows = await access.ask(async (db) =>
        db.selectFrom('users').selectAll().orderBy('name').execute(),
      );
      return rows.map((row) => userOf(row));
    },
    put: async (id, version, { disabled, grants, password }) =>
      access.together(async (db) => {
        const query = db.selectFrom('users').selectAll().where('id', '=', id);
        const found = await locking(access, query).executeTakeFirst();
        if (found === undefined) return { missing: true };
        if (version !== null && version !== found.version) return { conflict: userOf(found) };
        const set = {
          version: found.version + 1,
          disabled: disabled === undefined ? found.disabled : Number(disabled),
          grants: grants === undefined ? found.grants : JSON.stringify(grants),
          password: password ?? found.password,
        };
        await db.updateTable('users').set(set).where('id', '=', id).execute();
        return { put: userOf({ ...found, ...set }) };
      }),
    remove: async (id) =>
      access.ask(async (db) => {
        const { numDeletedRows } = await db.deleteFrom('users').where('id', '=', id).executeTakeFirst();
        return numDeletedRows > 0n;
      }),
  };
}

function userOf(row: Selectable<Rows['users']>): StoredUser {
  return {
    id: row.id,
    name: row.name,
    createdAt: row.created_at,
    disabled: row.disabled === 1,
    grants: JSON.parse(row.grants) as Grant[],
    version: row.version,
    password: row.password,
  };
}
