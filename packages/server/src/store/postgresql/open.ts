import { randomInt } from 'node:crypto';
import { Failure, type Clock } from '@holdfast/base';
import { Kysely, PostgresDialect, sql, type IsolationLevel } from 'kysely';
import { Pool, types, TypeOverrides, type ClientConfig } from 'pg';
import { assembleStore } from '../assembled.ts';
import { migrate } from '../migrations/migrate.ts';
import type { Store } from '../store.ts';
import type { Access } from '../tables/access.ts';
import type { Rows } from '../tables/rows.ts';
import { PostgresBell } from './bell.ts';
import { cameInTheWay, postgresFailure } from './failures.ts';

/** Milliseconds for a connection, TLS and the wait for a free one included. */
const connectMs = 10_000;

/** How often a transaction that came into another's way is done at most, and the longest wait before one of them. */
const attempts = 25;
const againLongestMs = 200;

/** Of PostgreSQL's advisory locks: replicas that start at once migrate one after the other. */
const migrationLock = 4_105_720_001;

/**
 * Opens the store that several replicas share in a PostgreSQL (13 or newer) and moves its schema on.
 *
 * @param url `postgres://USER:PASSWORD@HOST:PORT/DATABASE`, with `?sslmode=` and what else pg takes
 * @param connections at once, beside the one that listens
 * @throws Failure store-newer, store-unreachable, store-full; the password is in none of them
 */
export async function openPostgresStore(options: {
  readonly url: string;
  readonly clock: Clock;
  readonly connections?: number;
}): Promise<Store> {
  const { url, clock, connections = 10 } = options;
  const config: ClientConfig = {
    connectionString: checked(url),
    application_name: 'holdfast',
    connectionTimeoutMillis: connectMs,
    keepAlive: true,
    types: numberTypes(),
  };
  const pool = newPool(config, connections);
  const db = new Kysely<Rows>({ dialect: new PostgresDialect({ pool }) });
  const ask: Access['ask'] = async (work) => withFailures(async () => work(db));
  const within = (level: IsolationLevel): Access['together'] => {
    return async (work) =>
      withFailures(async () =>
        whileInTheWay(clock, async () => db.transaction().setIsolationLevel(level).execute(work)),
      );
  };
  // Those of one replica one after the other: they read much, and at the same time each would undo the others.
  let before: Promise<unknown> = Promise.resolve();
  const alone: Access['together'] = async (work) => {
    const mine = before.then(async () => within('serializable')(work));
    before = mine.catch(() => {});
    return mine;
  };
  const bell = new PostgresBell(config, clock, async (channel, payloads) => {
    await ask(async (db) =>
      sql`select pg_notify(${channel}, payload) from unnest(${payloads}::text[]) as payload`.execute(db),
    );
  });
  const together = within('read committed');
  try {
    await together(async (db) => {
      await sql`select pg_advisory_xact_lock(${migrationLock})`.execute(db);
      await migrate(db, 'postgresql', clock);
    });
    await withFailures(async () => bell.start());
  } catch (error) {
    await db.destroy();
    throw error;
  }
  return assembleStore({
    kind: 'postgresql',
    bell,
    ask,
    together,
    alone,
    ping: async () => {
      await ask(async (db) => sql`select 1`.execute(db));
    },
    close: async () => {
      await bell[Symbol.asyncDispose]();
      await db.destroy();
    },
  });
}

/** What Node says of a wrong URL holds the URL, and so the password. */
function checked(url: string): string {
  if (!/^postgres(ql)?:\/\//.test(url) || !URL.canParse(url))
    throw new Failure(
      'store-unreachable',
      'its address is not like postgres://USER:PASSWORD@HOST:PORT/DATABASE',
    );
  return url;
}

/** Has pg give `bigint` as a number: none of ours has more than 53 bits. */
function numberTypes(): TypeOverrides {
  const numbers = new TypeOverrides();
  numbers.setTypeParser(types.builtins.INT8, Number);
  return numbers;
}

function newPool(config: ClientConfig, max: number): Pool {
  const pool = new Pool({ ...config, max });
  // A connection that is lost while nobody uses it is made anew when somebody does.
  pool.on('error', () => {});
  pool.on('connect', (client) => {
    client.on('error', () => {});
  });
  return pool;
}

async function withFailures<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw postgresFailure(error);
  }
}

async function whileInTheWay<T>(clock: Clock, work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (!cameInTheWay(error) || attempt >= attempts) throw error;
      await clock.sleep(randomInt(Math.min(2 ** attempt, againLongestMs)) + 1);
    }
  }
}
