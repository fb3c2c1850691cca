import { resolve } from 'node:path';
import type { StorePlace } from '@holdfast/server';
import type { Verb } from '../program/verb.ts';
import type { Session } from '../session.ts';
import { readSecretLine } from './secret-file.ts';

/** What {@link withServerStore} adds. */
export interface ServerStoreOptions {
  readonly dataDir: string;
  readonly databaseUrlFile?: string;
}

/** Where a server's own data are, for what is done on its machine. */
export function withServerStore(verb: Verb): Verb {
  return verb
    .requiredOption(
      '--data-dir <dir>',
      'its own folder: database, key of secrets, what was seen of repositories',
    )
    .option(
      '--database-url-file <file>',
      'file with the address of a PostgreSQL (else HOLDFAST_DATABASE_URL; default: SQLite in --data-dir)',
    );
}

/** Whoever knows the address knows the password in it, so that it is never a flag. @throws Failure file-unreadable, secret-file-exposed */
export async function serverStore(
  { io }: Pick<Session, 'io'>,
  { dataDir, databaseUrlFile }: ServerStoreOptions,
): Promise<StorePlace> {
  const url =
    databaseUrlFile === undefined
      ? io.env['HOLDFAST_DATABASE_URL']
      : await readSecretLine(resolve(io.cwd, databaseUrlFile));
  return { dataDir: resolve(io.cwd, dataDir), databaseUrl: url === undefined || url === '' ? null : url };
}
