import { canonicalJson } from '@holdfast/model';
import type { FleetSnapshot } from '@holdfast/model/fleet';
import { sql, type Insertable, type Kysely } from 'kysely';
import type { SnapshotHead, SnapshotTable } from '../snapshots.ts';
import { locking, type Access } from './access.ts';
import { olderThan, pageOf, placeAfter } from './paging.ts';
import type { Rows } from './rows.ts';

/** Snapshots that one statement takes. */
const atOnce = 200;

type Row = Pick<Insertable<Rows['snapshots']>, 'data' | 'missing'>;

export function snapshotTable(access: Access): SnapshotTable {
  return {
    get: async (cluster, id) => {
      const row = await access.ask(async (db) =>
        of(db, cluster).select(['data', 'missing']).where('id', '=', id).executeTakeFirst(),
      );
      return row && snapshotOf(row);
    },
    list: async ({ cluster, repository, policy, state, limit, after }) => {
      const rows = await access.ask(async (db) => {
        let query = of(db, cluster).select(['data', 'missing', 'finished_at', 'id']);
        if (repository !== undefined) query = query.where('repository', '=', repository);
        if (policy !== undefined) query = query.where('policy', '=', policy);
        if (state !== undefined) query = query.where('state', '=', state);
        if (after !== undefined) {
          const place = placeAfter<[string, string]>(after, ['string', 'string']);
          query = query.where(olderThan(['finished_at', 'id'], place));
        }
        return query
          .orderBy('finished_at', 'desc')
          .orderBy('id', 'desc')
          .limit(limit + 1)
          .execute();
      });
      return pageOf(rows, limit, snapshotOf, (row) => [row.finished_at, row.id]);
    },
    all: async (cluster) => {
      const rows = await access.ask(async (db) =>
        of(db, cluster)
          .select(['data', 'missing'])
          .orderBy('finished_at', 'desc')
          .orderBy('id', 'desc')
          .execute(),
      );
      return rows.map((row) => snapshotOf(row));
    },
    put: async (of, found, how) => access.together(async (db) => put(access, db, of, found, how)),
    remove: async (cluster, id) =>
      access.ask(async (db) => {
        const { numDeletedRows } = await db
          .deleteFrom('snapshots')
          .where('cluster', '=', cluster)
          .where('id', '=', id)
          .executeTakeFirst();
        return numDeletedRows > 0n;
      }),
    totals: async () => {
      const rows = await access.ask(async (db) =>
        db
          .selectFrom('snapshots')
          .select(({ fn }) => [
            'repository',
            fn.countAll().as('snapshots'),
            fn.sum('stored_bytes').as('stored'),
          ])
          .where('missing', '=', 0)
          .groupBy('repository')
          .orderBy('repository')
          .execute(),
      );
      return rows.map(({ repository, snapshots, stored }) => ({
        repository,
        snapshots: Number(snapshots),
        storedBytes: Number(stored),
      }));
    },
    newest: async (clusters) => newest(access, clusters),
    heads: async () => heads(access),
  };
}

function of(db: Kysely<Rows>, cluster: string) {
  return db.selectFrom('snapshots').where('cluster', '=', cluster);
}

/** Only what has changed is written: most of what a scan finds was known before. */
async function put(
  access: Access,
  db: Kysely<Rows>,
  { cluster, repository }: { readonly cluster: string; readonly repository: string },
  found: readonly FleetSnapshot[],
  how: 'whole' | 'some',
): Promise<{ added: number; missing: number }> {
  // One scan of a cluster at a time, so that what they count is true; and a cluster that was removed has none.
  const held = db.selectFrom('clusters').select('id').where('id', '=', cluster);
  if ((await locking(access, held).executeTakeFirst()) === undefined) return { added: 0, missing: 0 };
  const rows = new Map(found.map((each) => [each.id, rowOf(cluster, repository, each)]));
  const known = new Map<string, Row>();
  const ids = [...rows.keys()];
  for (let from = 0; from < (how === 'whole' ? 1 : ids.length); from += atOnce) {
    let query = of(db, cluster).select(['id', 'data', 'missing']).where('repository', '=', repository);
    if (how === 'some') query = query.where('id', 'in', ids.slice(from, from + atOnce));
    for (const { id, ...row } of await query.execute()) known.set(id, row);
  }
  const changed = [...rows.values()].filter(({ id, data }) => {
    const before = known.get(id);
    return before === undefined || before.missing === 1 || before.data !== data;
  });
  for (let from = 0; from < changed.length; from += atOnce)
    await upsert(db, changed.slice(from, from + atOnce));
  const gone = [...known].filter(([id, { missing }]) => missing === 0 && !rows.has(id)).map(([id]) => id);
  for (let from = 0; from < gone.length; from += atOnce) {
    await db
      .updateTable('snapshots')
      .set({ missing: 1 })
      .where('cluster', '=', cluster)
      .where('id', 'in', gone.slice(from, from + atOnce))
      .execute();
  }
  return { added: ids.filter((id) => !known.has(id)).length, missing: gone.length };
}

async function upsert(db: Kysely<Rows>, rows: readonly Insertable<Rows['snapshots']>[]): Promise<void> {
  await db
    .insertInto('snapshots')
    .values(rows)
    .onConflict((conflict) =>
      conflict.columns(['cluster', 'id']).doUpdateSet((excluded) => ({
        repository: excluded.ref('excluded.repository'),
        policy: excluded.ref('excluded.policy'),
        state: excluded.ref('excluded.state'),
        finished_at: excluded.ref('excluded.finished_at'),
        stored_bytes: excluded.ref('excluded.stored_bytes'),
        missing: excluded.ref('excluded.missing'),
        good: excluded.ref('excluded.good'),
        data: excluded.ref('excluded.data'),
      })),
    )
    .execute();
}

async function newest(access: Access, clusters?: readonly string[]): ReturnType<SnapshotTable['newest']> {
  if (clusters?.length === 0) return [];
  return access.together(async (db) => {
    let query = db.selectFrom('snapshots').where('missing', '=', 0);
    if (clusters !== undefined) query = query.where('cluster', 'in', clusters);
    const counts = await query
      .select(({ fn }) => ['cluster', fn.countAll().as('snapshots')])
      .groupBy('cluster')
      .orderBy('cluster')
      .execute();
    // One look at the index for each cluster: a grouping would read all that are good.
    const these = clusters === undefined ? sql`` : sql`where clusters.id in (${sql.join(clusters)})`;
    const good = await sql<{ cluster: string; data: string | null }>`select clusters.id as cluster,
      (select data from snapshots where snapshots.cluster = clusters.id and good = 1 and missing = 0
        order by finished_at desc, snapshots.id desc limit 1) as data from clusters ${these}`.execute(db);
    const newest = new Map(good.rows.map(({ cluster, data }) => [cluster, data]));
    return counts.map(({ cluster, snapshots }) => {
      const data = newest.get(cluster) ?? null;
      return {
        cluster,
        snapshots: Number(snapshots),
        newest: data === null ? null : snapshotOf({ data, missing: 0 }),
      };
    });
  });
}

async function heads(access: Access): Promise<readonly SnapshotHead[]> {
  return access.ask(async (db) =>
    db
      .selectFrom('snapshots')
      .select([
        'cluster',
        'repository',
        'policy',
        sql<string | null>`max(case when state <> 'damaged' then finished_at end)`.as('stored'),
        sql<string | null>`max(case when good = 1 then finished_at end)`.as('verified'),
      ])
      .where('missing', '=', 0)
      .groupBy(['cluster', 'repository', 'policy'])
      .orderBy('cluster')
      .orderBy('repository')
      .execute(),
  );
}

function rowOf(
  cluster: string,
  repository: string,
  snapshot: FleetSnapshot,
): Insertable<Rows['snapshots']> & { readonly data: string } {
  const { id, policy, state, storedBytes, trusted, degraded, trigger } = snapshot;
  return {
    cluster,
    id,
    repository,
    policy,
    state,
    // Others may have written theirs with fewer digits: only the same form is ordered as text.
    finished_at: new Date(snapshot.finishedAt).toISOString(),
    stored_bytes: storedBytes,
    missing: 0,
    good: Number(state === 'verified' && trusted && !degraded && trigger !== 'pre-restore'),
    data: canonicalJson({ ...snapshot, missing: false }),
  };
}

function snapshotOf({ data, missing }: Row): FleetSnapshot {
  return { ...(JSON.parse(data) as FleetSnapshot), missing: missing === 1 };
}
