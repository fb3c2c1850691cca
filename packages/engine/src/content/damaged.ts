import { Failure } from '@holdfast/base';
import type { SnapshotEntry } from '@holdfast/repository';

/** Why a snapshot is damaged, in words; undefined when nothing says that it is. */
export function damageOf({ damage, state }: Pick<SnapshotEntry, 'damage' | 'state'>): string | undefined {
  return damage ?? (state === 'damaged' ? 'its newest verification failed' : undefined);
}

/** Nothing is restored from what is known to be damaged. @throws snapshot-damaged */
export function refuseDamaged(entry: Pick<SnapshotEntry, 'name' | 'damage' | 'state'>): void {
  const why = damageOf(entry);
  if (why !== undefined) throw new Failure('snapshot-damaged', why, { name: entry.name });
}
