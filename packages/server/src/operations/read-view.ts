import { isOver } from './is-over.ts';
import type { JournalRecord } from '@holdfast/model';
import { RecordEvent, type Operation } from '@holdfast/model/fleet';
import type { StoredOrder } from '../store/orders.ts';
import type { Tables } from '../store/store.ts';
import { inputOf } from './inputs.ts';
import type { Candidate } from './ports.ts';
import { joinJournals } from './restore-state.ts';
import type { View } from './view.ts';

/** What a view is made of besides what is stored. */
export interface Surroundings {
  readonly nodes: readonly Candidate[];
  readonly watchedSince: Date;
  readonly now: Date;
}

/** An operation with all that the decision about it rests on; undefined: it is over, stands still, or is gone. */
export async function readView(tables: Tables, id: string, around: Surroundings): Promise<View | undefined> {
  const operation = await tables.operations.get(id);
  if (operation === undefined || isOver(operation.state) || operation.state === 'stuck') return undefined;
  const cluster = await tables.clusters.get(operation.cluster);
  if (cluster === undefined) return undefined;
  const orders = await ordersOf(tables, id);
  const isQueued = operation.kind === 'save' || operation.kind === 'restore';
  const isIdle = orders.at(-1)?.outcome !== null;
  const open = isQueued && isIdle ? await tables.operations.open(operation.cluster) : [];
  return {
    ...{ operation, orders, ...around },
    cluster: { ...cluster.spec, heldBy: cluster.heldBy },
    others: open.filter((other) => other.id !== id),
    journal: operation.kind === 'restore' ? await journalOf(tables, orders) : [],
    newest: operation.kind === 'drill' && isIdle ? await newestOf(tables, operation) : null,
  };
}

/** The orders that the server made for an operation, oldest first: not those that the leader of a restore made. */
export async function ordersOf(tables: Tables, operation: string): Promise<StoredOrder[]> {
  const orders = await tables.orders.ofOperation(operation);
  return orders
    .filter(({ order }) => order.kind !== 'node')
    .toSorted((one, other) => (one.order.createdAt < other.order.createdAt ? -1 : 1));
}

/** The journal of a restore, as its leaders told it. What is no record ends what its leader has told. */
export async function journalOf(tables: Tables, orders: readonly StoredOrder[]): Promise<JournalRecord[]> {
  const told: JournalRecord[][] = [];
  for (const { order } of orders) {
    const events = await tables.orders.events(order.id, 0);
    const records = events
      .filter(({ type }) => type === 'record')
      .map(({ data }) => RecordEvent.safeParse(data).data?.record);
    const wrong = records.indexOf(undefined);
    told.push((wrong === -1 ? records : records.slice(0, wrong)) as JournalRecord[]);
  }
  return joinJournals(told);
}

/** Of a policy's repositories the first that has a verified snapshot of it tells the newest one. */
async function newestOf(tables: Tables, operation: Operation): Promise<View['newest']> {
  const input = inputOf('drill', operation);
  if (!('policy' in input)) return null;
  for (const { repository } of input.policy.targets) {
    const asked = {
      cluster: operation.cluster,
      repository,
      policy: input.policy.name,
      state: 'verified',
    } as const;
    const { items } = await tables.snapshots.list({ ...asked, limit: 20 });
    const found = items.find(({ missing, trusted, degraded }) => !missing && trusted && !degraded);
    if (found !== undefined) return { repository, cluster: found.repositoryCluster, snapshot: found.name };
  }
  return null;
}
