import { afterEach, beforeEach, describe } from 'vitest';
import type { Store } from '../store.ts';
import { alertsConformance } from './alerts-conformance.ts';
import { claimsConformance } from './claims-conformance.ts';
import { fleetConformance } from './fleet-conformance.ts';
import { operationsConformance } from './operations-conformance.ts';
import { ordersConformance } from './orders-conformance.ts';
import { peopleConformance } from './people-conformance.ts';
import { policiesConformance } from './policies-conformance.ts';
import { settingsConformance } from './settings-conformance.ts';
import { snapshotsConformance } from './snapshots-conformance.ts';
import { transactionsConformance } from './transactions-conformance.ts';

/** An empty database, and how often it may be open at once. */
export interface Database extends AsyncDisposable {
  readonly replicas: 1 | 2;
  open(): Promise<Store>;
}

/** What a test asks for: the store, opened, and the same database opened once more. */
export interface Opened {
  readonly store: () => Store;
  /** Another replica where the database is for several, else the same store. */
  readonly other: () => Promise<Store>;
  /** Closes all and opens it again. */
  readonly reopened: () => Promise<Store>;
}

/** What every kind of store has to do. */
export function storeConformance(name: string, make: () => Promise<Database>): void {
  describe(`the store on ${name}`, () => {
    let database: Database;
    let stores: Store[] = [];
    const open = async (): Promise<Store> => {
      const store = await database.open();
      stores.push(store);
      return store;
    };
    const close = async (): Promise<void> => {
      for (const each of stores) await each[Symbol.asyncDispose]();
      stores = [];
    };
    beforeEach(async () => {
      database = await make();
      await open();
    });
    afterEach(async () => {
      await close();
      await database[Symbol.asyncDispose]();
    });
    const opened: Opened = {
      store: () => stores[0]!,
      other: async () => (database.replicas === 2 ? open() : stores[0]!),
      reopened: async () => {
        await close();
        return open();
      },
    };
    fleetConformance(opened);
    policiesConformance(opened);
    snapshotsConformance(opened);
    operationsConformance(opened);
    claimsConformance(opened);
    ordersConformance(opened);
    peopleConformance(opened);
    alertsConformance(opened);
    settingsConformance(opened);
    transactionsConformance(opened);
  });
}
