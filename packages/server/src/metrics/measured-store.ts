import type { Clock } from '@holdfast/base';
import type { Operation } from '@holdfast/model/fleet';
import type { Store, Tables } from '../store/store.ts';
import type { Instruments } from './instruments.ts';

type Call = (...given: readonly unknown[]) => unknown;

/**
 * The same store, with how long each call took, how operations ended, and how late those began that a schedule asked for.
 * Calls inside a transaction are counted as that transaction alone.
 */
export function measuredStore(store: Store, put: Instruments, clock: Clock): Store {
  const tables = Object.fromEntries(
    tableNames.map((name) => [name, measuredTable(store[name] as object, name, put, clock)]),
  ) as unknown as Tables;
  const measured: Store = {
    ...tables,
    kind: store.kind,
    bell: store.bell,
    transaction: (work) => timed(put, clock, 'transaction', () => store.transaction(work)),
    ping: () => timed(put, clock, 'ping', () => store.ping()),
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  };
  const { operations } = measured;
  return {
    ...measured,
    operations: {
      ...operations,
      change: async (id, runner, change, events, from) => {
        const changed = await operations.change(id, runner, change, events, from);
        if (changed !== undefined && change.state !== undefined) countChange(put, changed, change);
        return changed;
      },
    },
  };
}

const tableNames = [
  'clusters',
  'nodes',
  'joinTokens',
  'repositories',
  'policies',
  'snapshots',
  'operations',
  'orders',
  'users',
  'tokens',
  'audit',
  'alerts',
  'receivers',
  'settings',
  'replies',
] as const satisfies readonly (keyof Tables)[];

function countChange(
  put: Instruments,
  { kind, state, scheduledFor, startedAt, endedAt }: Operation,
  change: Partial<Operation>,
): void {
  if (endedAt !== null) put.count('holdfast_fleet_operations_total', { kind, outcome: state });
  if (change.startedAt === undefined || startedAt === null || scheduledFor === null) return;
  const late = Math.max(0, Date.parse(startedAt) - Date.parse(scheduledFor)) / 1000;
  put.observe('holdfast_fleet_start_lateness_seconds', late, { kind });
}

function measuredTable(table: object, name: string, put: Instruments, clock: Clock): object {
  return Object.fromEntries(
    Object.entries(table as Readonly<Record<string, Call>>).map(([call, asked]) => [
      call,
      (...given: readonly unknown[]) =>
        timed(put, clock, name, async () => await asked.apply(table, given as unknown[])),
    ]),
  );
}

async function timed<T>(put: Instruments, clock: Clock, table: string, work: () => Promise<T>): Promise<T> {
  const begun = clock.monotonic();
  try {
    return await work();
  } finally {
    put.observe('holdfast_server_store_seconds', (clock.monotonic() - begun) / 1000, { table });
  }
}
