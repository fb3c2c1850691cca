import type { Insertable, Kysely } from 'kysely';
import type { OrderEvent } from '../orders.ts';
import { locking, type Access } from './access.ts';
import type { Rows } from './rows.ts';

/** Rows that one statement takes. */
const atOnce = 500;

/**
 * Stores the events that come next of each order. Their numbers are the node's, progress among them.
 *
 * @returns up to which number those of each order are stored that is there and has any, and whose operation's were new
 */
export async function tell(
  access: Access,
  db: Kysely<Rows>,
  events: readonly OrderEvent[],
): Promise<{ upTo: Map<string, number>; changed: Map<string, string> }> {
  const byOrder = Map.groupBy(
    events.toSorted((a, b) => a.n - b.n),
    ({ order }) => order,
  );
  const upTo = new Map<string, number>();
  const changed = new Map<string, string>();
  // In the order of their ids, so that two replicas do not wait for each other.
  for (const [order, told] of [...byOrder].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const query = db
      .selectFrom('orders')
      .select(['operation', 'next_event', 'progress'])
      .where('id', '=', order);
    const row = await locking(access, query).executeTakeFirst();
    if (row === undefined) continue;
    let { next_event: next, progress } = row;
    const rows: Insertable<Rows['order_events']>[] = [];
    for (const event of told) {
      if (event.n !== next) continue;
      next++;
      const { n, at, type, data } = event;
      if (type === 'progress') progress = JSON.stringify({ order, n, at, type, data });
      else rows.push({ order_id: order, n, at, type, data: JSON.stringify(data) });
    }
    if (next > row.next_event) {
      await db.updateTable('orders').set({ next_event: next, progress }).where('id', '=', order).execute();
      for (let from = 0; from < rows.length; from += atOnce)
        await db
          .insertInto('order_events')
          .values(rows.slice(from, from + atOnce))
          .execute();
      changed.set(order, row.operation);
    }
    if (next > 0) upTo.set(order, next - 1);
  }
  return { upTo, changed };
}

/** The events from a number on, without progress. */
export async function eventsFrom(db: Kysely<Rows>, order: string, from: number): Promise<OrderEvent[]> {
  const rows = await db
    .selectFrom('order_events')
    .selectAll()
    .where('order_id', '=', order)
    .where('n', '>=', from)
    .orderBy('n')
    .execute();
  return rows.map(({ n, at, type, data }) => ({
    order,
    n,
    at,
    type: type as OrderEvent['type'],
    data: JSON.parse(data) as OrderEvent['data'],
  }));
}

/** The newest progress. */
export async function progressOf(db: Kysely<Rows>, order: string): Promise<OrderEvent | undefined> {
  const row = await db.selectFrom('orders').select('progress').where('id', '=', order).executeTakeFirst();
  return row?.progress == null ? undefined : (JSON.parse(row.progress) as OrderEvent);
}
