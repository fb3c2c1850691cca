import type { Operation, OperationKind } from '@holdfast/model/fleet';
import { sql, type Kysely } from 'kysely';
import type { LastEnded, OperationTable } from '../operations.ts';
import { locking, type Access } from './access.ts';
import { owned } from './constraints.ts';
import { eventRows, eventsFrom } from './operation-events.ts';
import { olderThan, pageOf, placeAfter } from './paging.ts';
import type { Rows } from './rows.ts';

const claimable = ['waiting', 'running'] as const;

/** The operations: whole as JSON, with columns of what they are found by. */
export function operationTable(access: Access): OperationTable {
  return {
    create: async (operation) =>
      owned('cluster-unknown', { cluster: operation.cluster }, create(access, operation)),
    get: async (id) => {
      const row = await access.ask(async (db) =>
        db.selectFrom('operations').select('data').where('id', '=', id).executeTakeFirst(),
      );
      return row && operationOf(row);
    },
    list: async ({ clusters, kind, state, limit, after }) => {
      const rows = await access.ask(async (db) => {
        let query = db.selectFrom('operations').select(['data', 'created_at', 'id']);
        if (clusters !== null) query = query.where('cluster', 'in', clusters.length === 0 ? [''] : clusters);
        if (kind !== undefined) query = query.where('kind', '=', kind);
        if (state !== undefined) query = query.where('state', '=', state);
        if (after !== undefined) {
          const place = placeAfter<[string, string]>(after, ['string', 'string']);
          query = query.where(olderThan(['created_at', 'id'], place));
        }
        return query
          .orderBy('created_at', 'desc')
          .orderBy('id', 'desc')
          .limit(limit + 1)
          .execute();
      });
      return pageOf(rows, limit, operationOf, (row) => [row.created_at, row.id]);
    },
    open: async (cluster) => {
      const rows = await access.ask(async (db) =>
        db
          .selectFrom('operations')
          .select('data')
          .where('cluster', '=', cluster)
          .where('state', 'in', ['waiting', 'running', 'stuck'])
          .orderBy('created_at')
          .orderBy('id')
          .execute(),
      );
      return rows.map((row) => operationOf(row));
    },
    claim: async (runner, now, until, limit) => claim(access, runner, now, until, limit),
    renew: async (runner, ids, until) => {
      if (ids.length === 0) return [];
      const rows = await access.ask(async (db) =>
        db
          .updateTable('operations')
          .set({ free_at: until })
          .where('runner', '=', runner)
          .where('id', 'in', ids)
          .returning('id')
          .execute(),
      );
      return rows.map(({ id }) => id);
    },
    unclaim: async (runner, id, notBefore = '') => {
      await access.ask(async (db) =>
        db
          .updateTable('operations')
          .set({ runner: null, free_at: notBefore })
          .where('id', '=', id)
          .where('runner', '=', runner)
          .execute(),
      );
    },
    change: async (...asked) => change(access, ...asked),
    events: async (id, from, limit) => access.together(async (db) => eventsFrom(db, id, from, limit)),
    lastEnded: async (kind) => access.ask(async (db) => lastEnded(db, kind)),
    removeEnded: async (before, keep) => access.ask(async (db) => removeEnded(db, before, keep)),
  };
}

async function create(
  access: Access,
  operation: Operation,
): Promise<{ operation: Operation; isNew: boolean }> {
  const { id, cluster, kind, state, scheduledFor } = operation;
  const policy = operation.policy ?? '';
  const data = JSON.stringify(operation);
  const row = {
    ...{ id, cluster, kind, state, policy, scheduled_for: scheduledFor, data },
    created_at: operation.createdAt,
    ended_at: operation.endedAt,
    runner: null,
    free_at: '',
    next_event: 0,
    progress: null,
  };
  const made = await access.together(async (db) => {
    const insert = db.insertInto('operations').values(row);
    if (scheduledFor === null) {
      await insert.execute();
      return { operation, isNew: true };
    }
    const { numInsertedOrUpdatedRows } = await insert
      .onConflict((conflict) =>
        conflict
          .columns(['cluster', 'policy', 'kind', 'scheduled_for'])
          .where('scheduled_for', 'is not', null)
          .doNothing(),
      )
      .executeTakeFirst();
    if ((numInsertedOrUpdatedRows ?? 0n) > 0n) return { operation, isNew: true };
    const there = await db
      .selectFrom('operations')
      .select('data')
      .where('cluster', '=', cluster)
      .where('policy', '=', policy)
      .where('kind', '=', kind)
      .where('scheduled_for', '=', scheduledFor)
      .executeTakeFirstOrThrow();
    return { operation: operationOf(there), isNew: false };
  });
  if (made.isNew) access.ring('operation', id);
  return made;
}

async function change(
  access: Access,
  ...[id, runner, changes, events = [], from]: Parameters<OperationTable['change']>
): Promise<Operation | undefined> {
  const changed = await access.together(async (db) => {
    const query = db.selectFrom('operations').selectAll().where('id', '=', id);
    const row = await locking(access, query).executeTakeFirst();
    if (row === undefined || (runner !== null && row.runner !== runner)) return undefined;
    const before = operationOf(row);
    if (from !== undefined && !from.includes(before.state)) return undefined;
    const after = { ...before, ...changes };
    const told = eventRows(row, events);
    await db
      .updateTable('operations')
      .set({
        state: after.state,
        ended_at: after.endedAt,
        data: JSON.stringify(after),
        next_event: told.next,
        progress: told.progress,
      })
      .where('id', '=', id)
      .execute();
    if (told.rows.length > 0) await db.insertInto('operation_events').values(told.rows).execute();
    return after;
  });
  if (changed !== undefined) access.ring('operation', id);
  return changed;
}

/** On PostgreSQL what another replica is just claiming is passed over; SQLite has one writer and no such words. */
async function claim(
  access: Access,
  runner: string,
  now: string,
  until: string,
  limit: number,
): Promise<readonly Operation[]> {
  const skip = access.kind === 'postgresql' ? sql`for update skip locked` : sql``;
  const states = sql.join(claimable.map((state) => sql.lit(state)));
  const { rows } = await access.ask(async (db) =>
    sql<{ data: string }>`with free as materialized (
        select id from operations where state in (${states}) and free_at <= ${now}
        order by created_at, id limit ${limit} ${skip})
      update operations set runner = ${runner}, free_at = ${until} from free where operations.id = free.id
      returning operations.data as data`.execute(db),
  );
  return rows.map((row) => operationOf(row)).sort((a, b) => (age(a) < age(b) ? -1 : 1));
}

function age({ createdAt, id }: Operation): string {
  return `${createdAt} ${id}`;
}

async function lastEnded(db: Kysely<Rows>, kind: OperationKind): Promise<LastEnded[]> {
  const { rows } = await sql<{ data: string; succeeded_at: string | null }>`select data, succeeded_at from (
      select data, row_number() over (partition by cluster, policy order by ended_at desc, id desc) as place,
        max(case when state = 'succeeded' then ended_at end) over (partition by cluster, policy) as succeeded_at
      from operations where kind = ${kind} and policy <> '' and ended_at is not null) as ended
    where place = 1`.execute(db);
  return rows.map((row) => {
    const { cluster, policy, state, endedAt, why } = operationOf(row);
    return {
      ...{ cluster, policy: policy ?? '', state, endedAt: endedAt ?? '', why },
      succeededAt: row.succeeded_at,
    };
  });
}

async function removeEnded(db: Kysely<Rows>, before: string, keep: number): Promise<number> {
  const { numAffectedRows } = await sql`delete from operations where id in (
    select id from (
      select id, ended_at, row_number() over (partition by cluster, kind order by created_at desc, id desc) as place
      from operations where ended_at is not null) as ended
    where place > ${keep} and ended_at < ${before})`.execute(db);
  return Number(numAffectedRows ?? 0n);
}

function operationOf({ data }: { readonly data: string }): Operation {
  return JSON.parse(data) as Operation;
}
