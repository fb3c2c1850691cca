import type { ReplyTable, StoredReply } from '../settings.ts';
import type { Access } from './access.ts';

export function replyTable(access: Access): ReplyTable {
  return {
    begin: async (user, key, request, until) =>
      access.together(async (db) => {
        const row = { user_id: user, reply_key: key, request, reply: null, expires_at: until };
        // What is there may be forgotten between the two statements: then it is begun now.
        for (;;) {
          const { numInsertedOrUpdatedRows } = await db
            .insertInto('replies')
            .values(row)
            .onConflict((conflict) => conflict.columns(['user_id', 'reply_key']).doNothing())
            .executeTakeFirst();
          if ((numInsertedOrUpdatedRows ?? 0n) > 0n) return undefined;
          const there = await db
            .selectFrom('replies')
            .select(['request', 'reply', 'expires_at'])
            .where('user_id', '=', user)
            .where('reply_key', '=', key)
            .executeTakeFirst();
          if (there === undefined) continue;
          const reply = there.reply === null ? null : (JSON.parse(there.reply) as StoredReply['reply']);
          return { request: there.request, reply, until: there.expires_at };
        }
      }),
    hold: async (user, key, until) => {
      await access.ask(async (db) =>
        db
          .updateTable('replies')
          .set({ expires_at: until })
          .where('user_id', '=', user)
          .where('reply_key', '=', key)
          .where('reply', 'is', null)
          .execute(),
      );
    },
    finish: async (user, key, reply, until) => {
      const set = { reply: JSON.stringify(reply), expires_at: until };
      await access.ask(async (db) =>
        db.updateTable('replies').set(set).where('user_id', '=', user).where('reply_key', '=', key).execute(),
      );
    },
    forget: async (user, key) => {
      await access.ask(async (db) =>
        db.deleteFrom('replies').where('user_id', '=', user).where('reply_key', '=', key).execute(),
      );
    },
    removeExpired: async (before, unanswered) => {
      await access.ask(async (db) =>
        db
          .deleteFrom('replies')
          .where((row) =>
            row.or([
              row.and([row('reply', 'is not', null), row('expires_at', '<', before)]),
              row('expires_at', '<', unanswered),
            ]),
          )
          .execute(),
      );
    },
  };
}
