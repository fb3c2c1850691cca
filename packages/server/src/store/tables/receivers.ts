import { ReceiverSpec } from '@holdfast/model/fleet';
import type { Selectable } from 'kysely';
import type { ReceiverTable, StoredReceiver } from '../alerts.ts';
import type { Access } from './access.ts';
import { plainBytes } from './bytes.ts';
import type { Rows } from './rows.ts';

export function receiverTable(access: Access): ReceiverTable {
  return {
    create: async ({ id, spec, sealed }) => {
      const row = { id, spec: JSON.stringify(spec), sealed, last_told: null };
      await access.ask(async (db) => db.insertInto('receivers').values(row).execute());
      return receiverOf(row);
    },
    get: async (id) => {
      const row = await access.ask(async (db) =>
        db.selectFrom('receivers').selectAll().where('id', '=', id).executeTakeFirst(),
      );
      return row && receiverOf(row);
    },
    all: async () => {
      const rows = await access.ask(async (db) =>
        db.selectFrom('receivers').selectAll().orderBy('id').execute(),
      );
      return rows.map((row) => receiverOf(row));
    },
    setTold: async (id, told) => {
      const set = { last_told: JSON.stringify(told) };
      await access.ask(async (db) => db.updateTable('receivers').set(set).where('id', '=', id).execute());
    },
    remove: async (id) =>
      access.ask(async (db) => {
        const { numDeletedRows } = await db.deleteFrom('receivers').where('id', '=', id).executeTakeFirst();
        return numDeletedRows > 0n;
      }),
  };
}

function receiverOf(row: Selectable<Rows['receivers']>): StoredReceiver {
  return {
    id: row.id,
    spec: ReceiverSpec.parse(JSON.parse(row.spec)),
    sealed: row.sealed === null ? null : plainBytes(row.sealed),
    lastTold: row.last_told === null ? null : (JSON.parse(row.last_told) as StoredReceiver['lastTold']),
  };
}
