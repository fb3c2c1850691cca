import type { SettingTable } from '../settings.ts';
import type { Access } from './access.ts';
import { plainBytes } from './bytes.ts';

export function settingTable(access: Access): SettingTable {
  return {
    get: async (name) => {
      const row = await access.ask(async (db) =>
        db.selectFrom('settings').select('value').where('name', '=', name).executeTakeFirst(),
      );
      return row && plainBytes(row.value);
    },
    setOnce: async (name, value) =>
      access.together(async (db) => {
        await db
          .insertInto('settings')
          .values({ name, value })
          .onConflict((conflict) => conflict.column('name').doNothing())
          .execute();
        const row = await db
          .selectFrom('settings')
          .select('value')
          .where('name', '=', name)
          .executeTakeFirstOrThrow();
        return plainBytes(row.value);
      }),
    set: async (name, value) => {
      await access.ask(async (db) =>
        db
          .insertInto('settings')
          .values({ name, value })
          .onConflict((conflict) => conflict.column('name').doUpdateSet({ value }))
          .execute(),
      );
    },
    lead: async (duty, replica, now, until) =>
      access.ask(async (db) => {
        const { numInsertedOrUpdatedRows } = await db
          .insertInto('duties')
          .values({ duty, replica, until_at: until })
          .onConflict((conflict) =>
            conflict
              .column('duty')
              .doUpdateSet({ replica, until_at: until })
              .where((where) =>
                where.or([where('duties.replica', '=', replica), where('duties.until_at', '<=', now)]),
              ),
          )
          .executeTakeFirst();
        return (numInsertedOrUpdatedRows ?? 0n) > 0n;
      }),
  };
}
