import { AuditEntry } from '@holdfast/model/fleet';
import { sql } from 'kysely';
import { auditHash } from '../../audit/chain.ts';
import type { AuditTable } from '../audit.ts';
import type { Access } from './access.ts';
import { pageOf, placeAfter } from './paging.ts';

/** The audit log. Who appends takes the row of its head first: the others, of all replicas, wait for it. */
export function auditTable(access: Access): AuditTable {
  return {
    append: async (entry) =>
      access.together(async (db) => {
        const head = await db
          .updateTable('audit_head')
          .set({ n: sql<number>`n + 1` })
          .where('one', '=', 1)
          .returning(['n', 'hash'])
          .executeTakeFirstOrThrow();
        // Without what no entry has: its hash would cover it, and nobody could read it.
        const body = AuditEntry.omit({ hash: true }).parse({ ...entry, n: head.n, before: head.hash });
        const hash = auditHash(body);
        await db.updateTable('audit_head').set({ hash }).where('one', '=', 1).execute();
        const appended: AuditEntry = { ...body, hash };
        const row = { n: head.n, at: body.at, by_whom: body.by, cluster: body.cluster };
        await db
          .insertInto('audit')
          .values({ ...row, data: JSON.stringify(appended) })
          .execute();
        return appended;
      }),
    list: async ({ cluster, by, since, limit, after }) => {
      const rows = await access.ask(async (db) => {
        let query = db.selectFrom('audit').select(['n', 'data']);
        if (cluster !== undefined) query = query.where('cluster', '=', cluster);
        if (by !== undefined) query = query.where('by_whom', '=', by);
        if (since !== undefined) query = query.where('at', '>=', since);
        if (after !== undefined) query = query.where('n', '>', placeAfter<[number]>(after, ['number'])[0]);
        return query
          .orderBy('n')
          .limit(limit + 1)
          .execute();
      });
      return pageOf(rows, limit, entryOf, ({ n }) => [n]);
    },
    last: async () => {
      const row = await access.ask(async (db) =>
        db.selectFrom('audit').select('data').orderBy('n', 'desc').limit(1).executeTakeFirst(),
      );
      return row && entryOf(row);
    },
  };
}

function entryOf({ data }: { readonly data: string }): AuditEntry {
  return JSON.parse(data) as AuditEntry;
}
