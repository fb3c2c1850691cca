import type { Kysely } from 'kysely';
import type { BellTopic } from '../bell.ts';
import type { Rows } from './rows.ts';

/** How the tables reach the database, whichever it is, within a transaction or by themselves. */
export interface Access {
  readonly kind: 'sqlite' | 'postgresql';
  /** Asks one statement. @throws Failure store-unreachable, store-full */
  ask<T>(work: (db: Kysely<Rows>) => Promise<T>): Promise<T>;
  /**
   * Asks several statements, all or nothing. On PostgreSQL what is read to decide by has to be locked by `locking`: outside
   * of `Store.transaction` each statement sees what others have committed by then. May be done again.
   */
  together<T>(work: (db: Kysely<Rows>) => Promise<T>): Promise<T>;
  /** Rings when what was done before is committed. */
  ring(topic: BellTopic, id: string): void;
}

interface Lockable<Query> {
  forUpdate(): Query;
}

/** Locks the rows that a query reads until the end of the transaction; SQLite has one writer anyway. */
export function locking<Query extends Lockable<Query>>(access: Access, query: Query): Query {
  return access.kind === 'postgresql' ? query.forUpdate() : query;
}
