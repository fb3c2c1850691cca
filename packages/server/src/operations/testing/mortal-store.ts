import type { Store, Tables } from '../../store/store.ts';

/** Calls that store nothing, or nothing but that somebody is there: before the next one it is as if they had not been. */
const idle: ReadonlySet<PropertyKey> = new Set([
  ...[
    'get',
    'list',
    'all',
    'open',
    'ofOperation',
    'events',
    'progress',
    'claim',
    'renew',
    'dueAt',
    'nextDueAt',
  ],
]);

/** A process that ends at one of its calls that store something: the call is not made, and none after it. */
export class Mortality {
  /** Those that store something. */
  calls = 0;
  dead = false;
  /** The number of the call at which it ends; undefined: it lives. */
  readonly #at: number | undefined;

  constructor(at?: number) {
    this.#at = at;
  }

  count(name: PropertyKey): void {
    const counts = !idle.has(name);
    if (counts && this.calls === this.#at) this.dead = true;
    if (this.dead) throw new Error('this process is dead');
    if (counts) this.calls += 1;
  }
}

const tableNames: ReadonlySet<PropertyKey> = new Set([
  'clusters',
  'nodes',
  'repositories',
  'policies',
  'snapshots',
  'operations',
  'orders',
  'settings',
]);

/** The store as a process that may die sees it. What it does in a transaction is undone when it dies within. */
export function mortalStore(store: Store, life: Mortality): Store {
  return new Proxy(mortalTables<Store>(store, life), {
    get: (tables, name) =>
      name === 'transaction'
        ? async (work: (tables: Tables) => Promise<unknown>) => {
            life.count('transaction');
            return await store.transaction(async (within) => await work(mortalTables(within, life)));
          }
        : (Reflect.get(tables, name) as unknown),
  });
}

function mortalTables<Of extends Tables>(tables: Of, life: Mortality): Of {
  return new Proxy(tables, {
    get: (all, name) => {
      const table = Reflect.get(all, name) as object;
      return tableNames.has(name) ? mortalTable(table, life) : table;
    },
  });
}

function mortalTable(table: object, life: Mortality): object {
  return new Proxy(table, {
    get: (of, name) => {
      const act = Reflect.get(of, name) as (...asked: unknown[]) => Promise<unknown>;
      return async (...asked: unknown[]) => {
        life.count(name);
        return await act.apply(of, asked);
      };
    },
  });
}
