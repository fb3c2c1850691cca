import { createHash } from 'node:crypto';
import { Failure, limits } from '@holdfast/base';
import type { SnapshotEntry } from '@holdfast/repository';

/** Which stored snapshots are read again: a sample, all, none, or those of these names. */
export type ReadChoice = 'sample' | 'all' | 'none' | readonly string[];

/**
 * Chooses what is read again. A sample is the newest of each cluster and one part of the rest: a snapshot's name tells the
 * part it is in, the day (UTC) which part is due, so that a check each day reads all in `limits.checkParts` days.
 *
 * @param snapshots oldest first
 * @throws snapshot-missing for a name that is not there
 */
export function chooseToRead(
  snapshots: readonly SnapshotEntry[],
  choice: ReadChoice,
  now: Date,
): SnapshotEntry[] {
  if (choice === 'none') return [];
  if (choice === 'all') return [...snapshots];
  if (choice !== 'sample') {
    const unknown = choice.find((name) => !snapshots.some((each) => each.name === name));
    if (unknown !== undefined)
      throw new Failure('snapshot-missing', 'no such name is in the repository', { name: unknown });
    return snapshots.filter(({ name }) => choice.includes(name));
  }
  const due = Math.floor(now.getTime() / 86_400_000) % limits.checkParts;
  const newest = new Map(snapshots.map((each) => [each.cluster.id, each]));
  return snapshots.filter((each) => newest.get(each.cluster.id) === each || partOf(each) === due);
}

function partOf({ cluster, name }: SnapshotEntry): number {
  return createHash('sha256').update(`${cluster.id}/${name}`).digest().readUInt32BE() % limits.checkParts;
}
