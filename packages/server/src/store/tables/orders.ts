import type { Order, OrderOutcome } from '@holdfast/model/fleet';
import type { Kysely, Selectable } from 'kysely';
import type { OrderTable, StoredOrder } from '../orders.ts';
import { locking, type Access } from './access.ts';
import { owned } from './constraints.ts';
import { eventsFrom, progressOf, tell } from './order-events.ts';
import type { Rows } from './rows.ts';

export function orderTable(access: Access): OrderTable {
  const of = async (which: (query: ReturnType<typeof selected>) => ReturnType<typeof selected>) => {
    const rows = await access.ask(async (db) =>
      which(selected(db)).orderBy('created_at').orderBy('id').execute(),
    );
    return rows.map((row) => orderOf(row));
  };
  return {
    create: async (order, key) =>
      owned('operation-unknown', { operation: order.operation }, create(access, order, key)),
    get: async (id) => (await of((query) => query.where('id', '=', id)))[0],
    open: async (node) => of((query) => query.where('node', '=', node).where('outcome', 'is', null)),
    countOpen: async () => {
      const { open } = await access.ask(async (db) =>
        db
          .selectFrom('orders')
          .select(({ fn }) => fn.countAll().as('open'))
          .where('outcome', 'is', null)
          .executeTakeFirstOrThrow(),
      );
      return Number(open);
    },
    ofOperation: async (operation) => of((query) => query.where('operation', '=', operation)),
    settle: async (id, outcome, at) => {
      const settled = await access.ask(async (db) =>
        db
          .updateTable('orders')
          .set({ outcome: JSON.stringify(outcome), settled_at: at })
          .where('id', '=', id)
          .where('outcome', 'is', null)
          .returning('operation')
          .executeTakeFirst(),
      );
      if (settled === undefined) return false;
      access.ring('order', id);
      access.ring('operation', settled.operation);
      return true;
    },
    cancel: async (id) => {
      const cancelled = await access.ask(async (db) =>
        db
          .updateTable('orders')
          .set({ cancelled: 1 })
          .where('id', '=', id)
          .returning('node')
          .executeTakeFirst(),
      );
      if (cancelled !== undefined) access.ring('node', cancelled.node);
    },
    tell: async (events) => {
      const { upTo, changed } = await access.together(async (db) => tell(access, db, events));
      for (const [order, operation] of changed) {
        access.ring('order', order);
        access.ring('operation', operation);
      }
      return upTo;
    },
    events: async (order, from) => access.ask(async (db) => eventsFrom(db, order, from)),
    progress: async (order) => access.ask(async (db) => progressOf(db, order)),
    removeOf: async (operation) => {
      await access.ask(async (db) => db.deleteFrom('orders').where('operation', '=', operation).execute());
    },
  };
}

function selected(db: Kysely<Rows>) {
  return db.selectFrom('orders').selectAll();
}

async function create(access: Access, order: Order, key: string): Promise<StoredOrder> {
  const { stored, isNew } = await access.together(async (db) => {
    const made = await db
      .insertInto('orders')
      .values({
        id: order.id,
        operation: order.operation,
        order_key: key,
        node: order.node,
        created_at: order.createdAt,
        cancelled: 0,
        outcome: null,
        settled_at: null,
        next_event: 0,
        progress: null,
        data: JSON.stringify(order),
      })
      .onConflict((conflict) => conflict.columns(['operation', 'order_key']).doNothing())
      .returningAll()
      .executeTakeFirst();
    if (made !== undefined) return { stored: orderOf(made), isNew: true };
    const query = selected(db).where('operation', '=', order.operation).where('order_key', '=', key);
    return { stored: orderOf(await locking(access, query).executeTakeFirstOrThrow()), isNew: false };
  });
  if (isNew) access.ring('node', order.node);
  return stored;
}

function orderOf(row: Selectable<Rows['orders']>): StoredOrder {
  return {
    order: JSON.parse(row.data) as Order,
    cancelled: row.cancelled === 1,
    outcome: row.outcome === null ? null : (JSON.parse(row.outcome) as OrderOutcome),
    settledAt: row.settled_at,
  };
}
