import { Failure } from '@holdfast/base';

/** Of https://www.sqlite.org/rescode.html: the primary codes for which a person can do something. */
const codes = new Map<number, 'store-unreachable' | 'store-full'>([
  [5, 'store-unreachable'], // BUSY: another process has it
  [6, 'store-unreachable'], // LOCKED
  [8, 'store-unreachable'], // READONLY
  [10, 'store-unreachable'], // IOERR
  [11, 'store-unreachable'], // CORRUPT
  [13, 'store-full'], // FULL
  [14, 'store-unreachable'], // CANTOPEN
  [26, 'store-unreachable'], // NOTADB
]);

/** What SQLite threw, as a Failure where it is no bug of ours. */
export function sqliteFailure(error: unknown): unknown {
  const { errcode, code, message } = error as { errcode?: number; code?: string; message?: string };
  const known = errcode === undefined ? undefined : codes.get(errcode & 0xff);
  if (known !== undefined) return new Failure(known, message ?? '', {}, { cause: error });
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return new Failure('store-full', message ?? '', {}, { cause: error });
  return error;
}
