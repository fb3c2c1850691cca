import { limits } from '@holdfast/base';
import type { Repository, SnapshotEntry } from '@holdfast/repository';

/** What keeps a snapshot in its storage whoever wants it gone. */
export interface SnapshotLock {
  /** The end of the longest lock of its objects; null where only a legal hold is on them. */
  readonly until: Date | null;
  readonly legalHold: boolean;
}

export type SnapshotLocks = ReadonlyMap<SnapshotEntry, SnapshotLock>;

/** What locks each of these snapshots; only those that are locked. */
export async function locksOf(
  repository: Repository,
  entries: readonly SnapshotEntry[],
  signal: AbortSignal,
): Promise<Map<SnapshotEntry, SnapshotLock>> {
  const locks = new Map<SnapshotEntry, SnapshotLock>();
  for (let i = 0; i < entries.length; i += limits.readsAtOnce) {
    signal.throwIfAborted();
    await Promise.all(
      entries.slice(i, i + limits.readsAtOnce).map(async (entry) => {
        const stats = await Promise.all(
          entry.manifest.objects.map((object) => repository.statObject(entry, object)),
        );
        const times = stats.flatMap((stat) => stat?.lock?.until.getTime() ?? []);
        const until = times.length > 0 ? new Date(Math.max(...times)) : null;
        const legalHold = stats.some((stat) => stat?.legalHold === true);
        if (until !== null || legalHold) locks.set(entry, { until, legalHold });
      }),
    );
  }
  return locks;
}
