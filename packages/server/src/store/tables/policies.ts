import { canonicalJson, type Policy } from '@holdfast/model';
import { Failure } from '@holdfast/base';
import type { Kysely, Selectable } from 'kysely';
import type { JobTimes, PolicyTable, StoredPolicy } from '../policies.ts';
import { locking, type Access } from './access.ts';
import { owned } from './constraints.ts';
import type { Rows } from './rows.ts';

export function policyTable(access: Access): PolicyTable {
  const several = async (
    which: (query: ReturnType<typeof selected>) => ReturnType<typeof selected>,
  ): Promise<StoredPolicy[]> => {
    const rows = await access.ask(async (db) => which(selected(db)).execute());
    return rows.map((row) => policyOf(row));
  };
  return {
    get: async (cluster, name) =>
      (await several((query) => query.where('cluster', '=', cluster).where('name', '=', name)))[0],
    ofCluster: async (cluster) => several((query) => query.where('cluster', '=', cluster).orderBy('name')),
    all: async () => several((query) => query.orderBy('cluster').orderBy('name')),
    put: async (cluster, version, policy, times, at) =>
      owned('cluster-unknown', { cluster }, put(access, cluster, version, policy, times, at)),
    remove: async (cluster, name) =>
      access.ask(async (db) => {
        const { numDeletedRows } = await db
          .deleteFrom('policies')
          .where('cluster', '=', cluster)
          .where('name', '=', name)
          .executeTakeFirst();
        return numDeletedRows > 0n;
      }),
    dueAt: async (moment, limit) =>
      several((query) =>
        query
          .where('next_due', '<=', moment)
          .orderBy('next_due')
          .orderBy('cluster')
          .orderBy('name')
          .limit(limit),
      ),
    nextDueAt: async () => {
      const row = await access.ask(async (db) =>
        db
          .selectFrom('policies')
          .select('next_due')
          .where('next_due', 'is not', null)
          .orderBy('next_due')
          .limit(1)
          .executeTakeFirst(),
      );
      return row?.next_due ?? null;
    },
    advance: async (cluster, name, from, to) =>
      access.ask(async (db) => {
        const { numUpdatedRows } = await db
          .updateTable('policies')
          .set({ times: canonicalJson(to), next_due: earliest(to) })
          .where('cluster', '=', cluster)
          .where('name', '=', name)
          .where('times', '=', canonicalJson(from))
          .executeTakeFirst();
        return numUpdatedRows > 0n;
      }),
    setOutcome: async (cluster, name, outcome) => {
      await access.ask(async (db) =>
        db
          .updateTable('policies')
          .set({ last_outcome: outcome })
          .where('cluster', '=', cluster)
          .where('name', '=', name)
          .execute(),
      );
    },
  };
}

function selected(db: Kysely<Rows>) {
  return db.selectFrom('policies').selectAll();
}

/** What has been run stays told of a policy that is changed. */
async function put(
  access: Access,
  cluster: string,
  version: number | null,
  policy: Policy,
  times: JobTimes,
  at: string,
): Promise<{ put: StoredPolicy; isNew: boolean } | { conflict: StoredPolicy }> {
  const { name } = policy;
  return access.together(async (db) => {
    if (version === null) {
      const made = await db
        .insertInto('policies')
        .values({
          cluster,
          name,
          policy: JSON.stringify(policy),
          created_at: at,
          updated_at: at,
          version: 1,
          times: canonicalJson(times),
          next_due: earliest(times),
          last_outcome: null,
        })
        .onConflict((conflict) => conflict.columns(['cluster', 'name']).doNothing())
        .returningAll()
        .executeTakeFirst();
      if (made !== undefined) return { put: policyOf(made), isNew: true };
    }
    const found = await locking(
      access,
      selected(db).where('cluster', '=', cluster).where('name', '=', name),
    ).executeTakeFirst();
    if (found === undefined) throw new Failure('policy-unknown', 'it was removed', { cluster, policy: name });
    if (version !== null && version !== found.version) return { conflict: policyOf(found) };
    const { last } = JSON.parse(found.times) as JobTimes;
    const set = {
      policy: JSON.stringify(policy),
      updated_at: at,
      version: found.version + 1,
      times: canonicalJson({ last, next: times.next } satisfies JobTimes),
      next_due: earliest(times),
    };
    await db
      .updateTable('policies')
      .set(set)
      .where('cluster', '=', cluster)
      .where('name', '=', name)
      .execute();
    return { put: policyOf({ ...found, ...set }), isNew: false };
  });
}

function earliest({ next }: JobTimes): string | null {
  return Object.values(next).sort()[0] ?? null;
}

function policyOf(row: Selectable<Rows['policies']>): StoredPolicy {
  return {
    cluster: row.cluster,
    policy: JSON.parse(row.policy) as Policy,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    version: row.version,
    times: JSON.parse(row.times) as JobTimes,
    lastOutcome: row.last_outcome as StoredPolicy['lastOutcome'],
  };
}
