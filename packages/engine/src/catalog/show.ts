import type { Listing, Repository, SnapshotEntry } from '@holdfast/repository';
import type { VerbContext } from '../context.ts';

/** Which snapshot is meant: its exact name, and its cluster's name or id where the repository holds several. */
export interface SnapshotChoice {
  readonly name: string;
  readonly cluster?: string | undefined;
}

/**
 * Everything in the repository, or of one cluster (its name or id): snapshots oldest first, records that cannot be
 * read, and what was never finished.
 *
 * @throws cluster-missing, file-unreadable
 */
export function listSnapshots(
  _context: VerbContext,
  repository: Repository,
  cluster?: string,
): Promise<Listing> {
  return repository.snapshots(cluster);
}

/**
 * All that is known of one snapshot.
 *
 * @throws snapshot-missing, cluster-missing, cluster-ambiguous, manifest-damaged, repository-newer, file-unreadable
 */
export function showSnapshot(
  _context: VerbContext,
  repository: Repository,
  { name, cluster }: SnapshotChoice,
): Promise<SnapshotEntry> {
  return repository.snapshot(name, cluster);
}
