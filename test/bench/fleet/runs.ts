import { jitterMs } from '@holdfast/model';
import type { Operation } from '@holdfast/model/fleet';
import type { SaveBegun } from './messages.ts';

/** Seconds between when runs were due and when their orders came to an agent. */
export interface Lateness {
  readonly runs: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  /** Runs that more than one order was made for. */
  readonly doubled: number;
}

/** @param jitterSeconds of their policy: a run is due when it was put off by its part of them */
export function lateness(saves: readonly SaveBegun[], jitterSeconds: number): Lateness {
  const late = firsts(saves)
    .map(
      ({ at, policy, cluster, scheduledFor }) =>
        (at - Date.parse(scheduledFor) - jitterMs(policy, cluster, jitterSeconds)) / 1000,
    )
    .sort((a, b) => a - b);
  const at = (part: number): number => late[Math.min(late.length - 1, Math.floor(late.length * part))] ?? 0;
  return { runs: late.length, p50: at(0.5), p99: at(0.99), max: late.at(-1) ?? 0, doubled: doubledIn(saves) };
}

/** What became of the runs that were due. */
export interface Account {
  readonly expected: number;
  /** Operations that were made for them. */
  readonly found: number;
  readonly succeeded: number;
  /** Due times that have two operations, or whose save two orders have told agents to make. */
  readonly doubled: number;
  /** Due times without an operation that has succeeded. */
  readonly lost: number;
}

/** @param due the time that each of the clusters has a run for */
export function account(
  clusters: readonly string[],
  due: string,
  operations: readonly Operation[],
  saves: readonly SaveBegun[],
): Account {
  const orders = Map.groupBy(saves, ({ cluster }) => cluster);
  const made = Map.groupBy(
    operations.filter(({ scheduledFor }) => scheduledFor === due),
    ({ cluster }) => cluster,
  );
  const count = (is: (cluster: string) => boolean): number => clusters.filter(is).length;
  const isDone = (cluster: string): boolean =>
    (made.get(cluster) ?? []).some(({ state }) => state === 'succeeded');
  return {
    expected: clusters.length,
    found: [...made.values()].flat().length,
    succeeded: count(isDone),
    doubled: count((id) => (made.get(id)?.length ?? 0) > 1 || (orders.get(id)?.length ?? 0) > 1),
    lost: count((id) => !isDone(id)),
  };
}

function doubledIn(saves: readonly SaveBegun[]): number {
  const orders = new Set(saves.map(({ order }) => order));
  return orders.size - firsts(saves).length;
}

function firsts(saves: readonly SaveBegun[]): SaveBegun[] {
  const runs = new Map<string, SaveBegun>();
  for (const save of saves) {
    const run = `${save.cluster} ${save.policy} ${save.scheduledFor}`;
    if ((runs.get(run)?.at ?? Infinity) > save.at) runs.set(run, save);
  }
  return [...runs.values()];
}
