import { chmod, mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Failure, type Clock } from '@holdfast/base';
import { Kysely, sql } from 'kysely';
import { assembleStore } from '../assembled.ts';
import { Listeners } from '../listeners.ts';
import { migrate } from '../migrations/migrate.ts';
import type { Store } from '../store.ts';
import type { Access } from '../tables/access.ts';
import type { Rows } from '../tables/rows.ts';
import { nodeSqliteDialect } from './dialect.ts';
import { sqliteFailure } from './failures.ts';
import { Rounds } from './rounds.ts';

/** Milliseconds that another process may have the file locked, as while somebody copies it. */
const lockedMs = 5_000;

/**
 * Opens the store of one server in one file (made with 0600, and its folder, where they are not there), and moves its schema
 * on. What is written is on the disk at the end of each call (WAL, synchronous=FULL); calls that wait for each other are
 * put there together.
 *
 * @throws Failure store-newer, store-unreachable, store-full
 */
export async function openSqliteStore({ file, clock }: { file: string; clock: Clock }): Promise<Store> {
  const database = await openFile(file);
  const db = new Kysely<Rows>({ dialect: nodeSqliteDialect(database) });
  // One connection: whatever is asked waits until what came before it is over.
  const rounds = new Rounds({
    run: (statement) => database.exec(statement),
    isOpen: () => database.isTransaction,
    now: () => clock.monotonic(),
  });
  const ask: Access['ask'] = async (work) =>
    withFailures(async () => rounds.take(async () => work(db), true));
  const together: Access['together'] = async (work) =>
    withFailures(async () => rounds.take(async () => work(db), false));
  try {
    await together(async (within) => migrate(within, 'sqlite', clock));
  } catch (error) {
    await db.destroy();
    if (database.isOpen) database.close();
    throw error;
  }
  const listeners = new Listeners();
  return assembleStore({
    kind: 'sqlite',
    bell: {
      ring: (topic, id) => {
        listeners.tell(topic, id);
      },
      on: (topic, heard) => listeners.on(topic, heard),
    },
    ask,
    together,
    alone: together,
    ping: async () => {
      await ask(async (db) => sql`select 1`.execute(db));
    },
    close: async () => {
      await rounds.idle();
      await db.destroy();
    },
  });
}

async function openFile(file: string): Promise<DatabaseSync> {
  try {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    // SQLite gives its other files the mode of this one.
    await (await open(file, 'a', 0o600)).close();
    await chmod(file, 0o600);
    const database = new DatabaseSync(file, { timeout: lockedMs, enableForeignKeyConstraints: true });
    try {
      database.exec('pragma journal_mode = wal; pragma synchronous = full;');
    } catch (error) {
      database.close();
      throw error;
    }
    return database;
  } catch (error) {
    const failure = sqliteFailure(error);
    if (failure instanceof Failure) throw failure;
    throw new Failure('store-unreachable', (error as Error).message, {}, { cause: error });
  }
}

async function withFailures<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw sqliteFailure(error);
  }
}
