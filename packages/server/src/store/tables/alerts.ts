import type { FleetAlert, ReceiverSpec } from '@holdfast/model/fleet';
import { sql, type Kysely, type RawBuilder, type Selectable } from 'kysely';
import type { AlertTable, Notice } from '../alerts.ts';
import type { Access } from './access.ts';
import { pageOf, placeAfter } from './paging.ts';
import type { Rows } from './rows.ts';

/** Of PostgreSQL's advisory locks: for claims of notices. */
const noticesLock = 4_105_720_002;

/** Alerts, numbered as they fire, and what has to be told of them. */
export function alertTable(access: Access): AlertTable {
  return {
    open: async () => {
      const rows = await access.ask(async (db) =>
        db.selectFrom('alerts').select('data').where('resolved_at', 'is', null).orderBy('number').execute(),
      );
      return rows.map((row) => alertOf(row));
    },
    counts: async () => {
      const rows = await access.ask(async (db) =>
        db
          .selectFrom('alerts')
          .select(({ fn }) => ['cluster', fn.countAll().as('open')])
          .where('resolved_at', 'is', null)
          .where('cluster', 'is not', null)
          .groupBy('cluster')
          .execute(),
      );
      return new Map(rows.map(({ cluster, open }) => [cluster ?? '', Number(open)]));
    },
    list: async ({ clusters, resolved, limit, after }) => {
      const rows = await access.ask(async (db) => {
        let query = db
          .selectFrom('alerts')
          .select(['data', 'number'])
          .where('resolved_at', resolved ? 'is not' : 'is', null);
        if (clusters !== null) query = query.where('cluster', 'in', clusters.length === 0 ? [''] : clusters);
        if (after !== undefined)
          query = query.where('number', '<', placeAfter<[number]>(after, ['number'])[0]);
        return query
          .orderBy('number', 'desc')
          .limit(limit + 1)
          .execute();
      });
      return pageOf(rows, limit, alertOf, ({ number }) => [number]);
    },
    change: async (fired, resolved, at) => {
      if (fired.length + resolved.length === 0) return;
      await access.together(async (db) => {
        const receivers = await db.selectFrom('receivers').select(['id', 'spec']).orderBy('id').execute();
        const told = receivers.filter(({ spec }) => !isHeartbeat(spec)).map(({ id }) => id);
        const changed: FleetAlert[] = [];
        for (const alert of fired) if (await fire(db, alert)) changed.push(alert);
        for (const alert of resolved) {
          const over = { ...alert, resolvedAt: alert.resolvedAt ?? at };
          if (await resolve(db, over)) changed.push(over);
        }
        for (const alert of changed) await notify(db, alert, told, at);
      });
    },
    claimNotices: async (now, until, limit) => claimNotices(access, now, until, limit),
    told: async (id) => {
      await access.ask(async (db) => db.deleteFrom('notices').where('number', '=', id).execute());
    },
    again: async (id, dueAt) => {
      const attempts = sql<number>`attempts + 1`;
      await access.ask(async (db) =>
        db
          .updateTable('notices')
          .set({ attempts, due_at: dueAt, free_at: '' })
          .where('number', '=', id)
          .execute(),
      );
    },
  };
}

function isHeartbeat(spec: string): boolean {
  return (JSON.parse(spec) as ReceiverSpec).kind === 'heartbeat';
}

/** PostgreSQL cannot guess the type of what is selected. */
function text(value: string | null): RawBuilder<string | null> {
  return sql`cast(${value} as text)`;
}

/** Once, however many look; not at all where its cluster was removed meanwhile. @returns whether it did */
async function fire(db: Kysely<Rows>, alert: FleetAlert): Promise<boolean> {
  const { key, cluster, since } = alert;
  const { numAffectedRows } = await sql`insert into alerts (alert_key, cluster, since, data)
    select ${text(key)}, ${text(cluster)}, ${text(since)}, ${text(JSON.stringify(alert))}
    where ${text(cluster)} is null or exists (select 1 from clusters where id = ${cluster})
    on conflict (alert_key) where resolved_at is null do nothing`.execute(db);
  return (numAffectedRows ?? 0n) > 0n;
}

async function resolve(db: Kysely<Rows>, alert: FleetAlert): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('alerts')
    .set({ resolved_at: alert.resolvedAt, data: JSON.stringify(alert) })
    .where('alert_key', '=', alert.key)
    .where('resolved_at', 'is', null)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

async function notify(
  db: Kysely<Rows>,
  alert: FleetAlert,
  receivers: readonly string[],
  at: string,
): Promise<void> {
  if (receivers.length === 0) return;
  const row = { alert: JSON.stringify(alert), attempts: 0, due_at: at, free_at: '' };
  await db
    .insertInto('notices')
    .values(receivers.map((receiver) => ({ receiver, ...row })))
    .execute();
}

/** One replica at a time looks which are free: a receiver's have to stay in order. */
async function claimNotices(
  access: Access,
  now: string,
  until: string,
  limit: number,
): Promise<readonly Notice[]> {
  const rows = await access.together(async (db) => {
    if (access.kind === 'postgresql') await sql`select pg_advisory_xact_lock(${noticesLock})`.execute(db);
    const claimed = await sql<Selectable<Rows['notices']>>`with due as materialized (
        select number from notices where due_at <= ${now} and free_at <= ${now}
          and not exists (select 1 from notices as earlier where earlier.receiver = notices.receiver
            and earlier.number < notices.number and (earlier.due_at > ${now} or earlier.free_at > ${now}))
        order by number limit ${limit})
      update notices set free_at = ${until} from due where notices.number = due.number
      returning notices.number, receiver, alert, attempts, due_at, free_at`.execute(db);
    return claimed.rows;
  });
  const notices = rows.map((row) => ({
    id: row.number,
    receiver: row.receiver,
    alert: JSON.parse(row.alert) as FleetAlert,
    attempts: row.attempts,
    dueAt: row.due_at,
  }));
  return notices.sort((a, b) => a.id - b.id);
}

function alertOf({ data }: { readonly data: string }): FleetAlert {
  return JSON.parse(data) as FleetAlert;
}
