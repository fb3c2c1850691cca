import { Failure } from '@holdfast/base';
import { sql, type Expression, type SqlBool } from 'kysely';
import type { Page } from '../store.ts';

/** The page of rows that were asked for with one more than `limit`; the place of the last one tells where the next begins. */
export function pageOf<Row, Item>(
  rows: readonly Row[],
  limit: number,
  item: (row: Row) => Item,
  place: (row: Row) => readonly (string | number)[],
): Page<Item> {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  const next = rows.length > limit && last !== undefined ? JSON.stringify(place(last)) : null;
  return {
    items: shown.map((row) => item(row)),
    next: next === null ? null : Buffer.from(next).toString('base64url'),
  };
}

/**
 * Where a page begins, as `pageOf` has told it.
 *
 * @throws Failure request-invalid where it is not of such a list
 */
export function placeAfter<Place extends readonly (string | number)[]>(
  after: string,
  shape: { readonly [Index in keyof Place]: 'string' | 'number' },
): Place {
  const wrong = (): Failure =>
    new Failure('request-invalid', '`after` is not the `next` of a page of this list', { after });
  let place: unknown;
  try {
    place = JSON.parse(Buffer.from(after, 'base64url').toString());
  } catch {
    throw wrong();
  }
  if (!Array.isArray(place) || place.length !== shape.length) throw wrong();
  if (!place.every((part, index) => typeof part === shape[index])) throw wrong();
  return place as unknown as Place;
}

/** Whether a row, by a moment and an id, comes after another one in a list that has the newest first. */
export function olderThan(
  columns: readonly [string, string],
  [moment, id]: readonly [string, string],
): Expression<SqlBool> {
  const [first, second] = columns.map((name) => sql.ref(name));
  return sql<SqlBool>`(${first}, ${second}) < (${moment}, ${id})`;
}
