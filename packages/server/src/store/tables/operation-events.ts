import type { OperationEvent } from '@holdfast/model/fleet';
import type { Insertable, Kysely, Selectable } from 'kysely';
import type { Rows } from './rows.ts';

type Told = Omit<OperationEvent, 'operation' | 'n'>;

/**
 * Numbers what has happened. `progress` takes no number of its own, so that the others have no holes: the newest stands in
 * a column of the operation, with the number of the event that it came after.
 */
export function eventRows(
  operation: Pick<Selectable<Rows['operations']>, 'id' | 'next_event' | 'progress'>,
  events: readonly Told[],
): { rows: Insertable<Rows['operation_events']>[]; next: number; progress: string | null } {
  let { next_event: next, progress } = operation;
  const rows: Insertable<Rows['operation_events']>[] = [];
  for (const { at, type, data } of events) {
    if (type === 'progress') progress = JSON.stringify({ n: next - 1, at, data });
    else rows.push({ operation: operation.id, n: next++, at, type, data: JSON.stringify(data) });
  }
  return { rows, next, progress };
}

/** The events from a number on, and after the last one of all the newest progress, unless another event came after it. */
export async function eventsFrom(
  db: Kysely<Rows>,
  operation: string,
  from: number,
  limit: number,
): Promise<OperationEvent[]> {
  const found = await db
    .selectFrom('operation_events')
    .selectAll()
    .where('operation', '=', operation)
    .where('n', '>=', from)
    .orderBy('n')
    .limit(limit)
    .execute();
  const events = found.map(({ n, at, type, data }) => ({
    operation,
    n,
    at,
    type: type as OperationEvent['type'],
    data: JSON.parse(data) as OperationEvent['data'],
  }));
  if (events.length >= limit) return events;
  const row = await db
    .selectFrom('operations')
    .select('progress')
    .where('id', '=', operation)
    .executeTakeFirst();
  if (row === undefined || row.progress === null) return events;
  const progress = JSON.parse(row.progress) as Pick<OperationEvent, 'n' | 'at' | 'data'>;
  const last = events.at(-1)?.n ?? from - 1;
  if (progress.n !== last || last < 0) return events;
  return [...events, { operation, type: 'progress', ...progress }];
}
