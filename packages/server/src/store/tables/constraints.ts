import { Failure, type FailureDetails } from '@holdfast/base';

/** Extended codes of SQLite: a unique index, and a primary key, of https://www.sqlite.org/rescode.html */
const sqliteTaken: readonly number[] = [2067, 1555];
const sqliteForeign = 787;

interface DatabaseError {
  /** SQLite's extended code. */
  readonly errcode?: number;
  /** PostgreSQL's SQLSTATE. */
  readonly code?: string;
}

/** Whether something that has to be unique is there already. */
export function isTaken(error: unknown): boolean {
  const { errcode, code } = error as DatabaseError;
  return code === '23505' || (errcode !== undefined && sqliteTaken.includes(errcode));
}

function isForeign(error: unknown): boolean {
  const { errcode, code } = error as DatabaseError;
  return code === '23503' || errcode === sqliteForeign;
}

/** Adds what belongs to something else. @throws Failure `code` where that is not there any more */
export async function owned<T>(
  code: 'cluster-unknown' | 'operation-unknown' | 'user-unknown',
  details: FailureDetails,
  work: Promise<T>,
): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (!isForeign(error)) throw error;
    throw new Failure(code, 'it was removed', details, { cause: error });
  }
}
