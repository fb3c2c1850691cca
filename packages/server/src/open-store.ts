import { join } from 'node:path';
import type { Clock } from '@holdfast/base';
import { openPostgresStore } from './store/postgresql/open.ts';
import { openSqliteStore } from './store/sqlite/open.ts';
import type { Store } from './store/store.ts';

/** Where a server keeps what it remembers. */
export interface StorePlace {
  /** The server's own folder: the database where it is SQLite, the key of secrets, what was seen of repositories. */
  readonly dataDir: string;
  /** Of PostgreSQL; null: SQLite in the server's folder. */
  readonly databaseUrl: string | null;
}

/** The file of SQLite in the folder of a server. */
export function databaseFile(dataDir: string): string {
  return join(dataDir, 'holdfast.db');
}

/** Opens a server's store. @throws Failure store-unreachable, store-newer, store-full */
export async function openStore({ dataDir, databaseUrl }: StorePlace, clock: Clock): Promise<Store> {
  return databaseUrl === null
    ? openSqliteStore({ file: databaseFile(dataDir), clock })
    : openPostgresStore({ url: databaseUrl, clock });
}
