import { isFailure } from '@holdfast/base';
import type { ServerContext } from '../context.ts';
import type { SnapshotPlace } from './acts.ts';
import { nextAct } from './next-act.ts';
import { ClaimLost, perform, type NextLook } from './perform.ts';
import type { OperationPorts } from './ports.ts';
import { readView, type Surroundings } from './read-view.ts';
import { lastOrder, type View } from './view.ts';

/** What a runner works with. */
export interface RunnerParts {
  readonly context: ServerContext;
  readonly ports: OperationPorts;
  /** Since when it looks on. */
  readonly watchedSince: Date;
  /** By order: which progress was told last. */
  readonly progress: Map<string, number>;
}

/** Milliseconds for looking at one snapshot that is new; what takes longer is found by the next scan. */
const refreshMs = 30_000;

/**
 * Does what is next in an operation. The decision is made again inside of the transaction that carries it out, so that it
 * rests on what is true then, and whoever dies between two of them leaves nothing half done.
 *
 * @returns when to look again; undefined: there is nothing to carry on here
 * @throws Failure of the store, or of a port
 */
export async function step(
  parts: RunnerParts,
  id: string,
  signal: AbortSignal,
): Promise<NextLook | undefined> {
  const { context, ports, watchedSince } = parts;
  const { store, clock } = context;
  const known = await store.operations.get(id);
  if (known === undefined) return undefined;
  const around = { nodes: await ports.nodesOf(known.cluster), watchedSince, now: clock.now() };
  const view = await readView(store, id, around);
  if (view === undefined) {
    // Whoever is told to go on with it need not wait for the end of this claim.
    if (known.state === 'stuck') await store.operations.unclaim(context.replica, id);
    return undefined;
  }
  await tellProgress(parts, view);
  const act = nextAct(view);
  if (act.do === 'wait' && Object.keys(act.change).length === 0) return act.untilMs;
  await refreshAll(parts, known.cluster, act.refresh ?? [], signal);
  try {
    return await actOnce(parts, id, around, act.refresh ?? []);
  } catch (error) {
    if (error instanceof ClaimLost) return undefined;
    throw error;
  }
}

/** The newest progress of the order that is under way. */
async function tellProgress({ context, progress }: RunnerParts, view: View): Promise<void> {
  const last = lastOrder(view);
  if (last === undefined) return;
  const { id } = last.order;
  if (last.outcome !== null) {
    progress.delete(id);
    return;
  }
  const newest = await context.store.orders.progress(id);
  if (newest === undefined || newest.n <= (progress.get(id) ?? -1)) return;
  progress.set(id, newest.n);
  const event = { type: 'progress', at: newest.at, data: newest.data } as const;
  await context.store.operations.change(view.operation.id, context.replica, {}, [event]);
}

async function actOnce(
  { context }: RunnerParts,
  id: string,
  around: Surroundings,
  refreshed: readonly SnapshotPlace[],
): Promise<NextLook | undefined> {
  return await context.store.transaction(async (tables) => {
    const view = await readView(tables, id, around);
    if (view === undefined) return undefined;
    const act = nextAct(view);
    // Something has happened in between: there is more to look at first.
    if ((act.refresh ?? []).some((each) => !refreshed.some((done) => isSame(done, each)))) return 0;
    return await perform(context, tables, view, act);
  });
}

function isSame(one: SnapshotPlace, other: SnapshotPlace): boolean {
  return one.repository === other.repository && one.name === other.name;
}

/** What cannot be looked at now is found by the next scan: it keeps no operation from its end. */
async function refreshAll(
  { context, ports }: RunnerParts,
  cluster: string,
  places: readonly SnapshotPlace[],
  signal: AbortSignal,
): Promise<void> {
  const { clock, log } = context;
  for (const { repository, name, drilledAt } of places) {
    const limit = new AbortController();
    const ended = new AbortController();
    const either = AbortSignal.any([signal, limit.signal]);
    const timer = clock.sleep(refreshMs, ended.signal).then(
      () => limit.abort(new DOMException('it takes too long', 'TimeoutError')),
      () => {},
    );
    try {
      await ports.refresh(cluster, repository, name, either, drilledAt);
    } catch (error) {
      if (signal.aborted) throw error;
      const why = isFailure(error) ? `${error.message}: ${error.why}` : String(error);
      log.warn({ cluster, repository, snapshot: name, why }, 'the catalogue could not look at a snapshot');
    } finally {
      ended.abort();
      await timer;
    }
  }
}
