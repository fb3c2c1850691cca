import { isFailure, limits } from '@holdfast/base';
import type { Repository } from '@holdfast/repository';
import {
  completeUncommitted,
  findLeftovers,
  lostCommits,
  rebuildCommits,
} from '@holdfast/repository/maintenance';
import type { VerbContext } from '../context.ts';

/** What a repair has done. */
export interface RepositoryRepair {
  /** Unplaced uploads that were removed. */
  readonly uploads: number;
  /** The names under which remains were cleared away. */
  readonly cleared: readonly { readonly clusterId: string; readonly name: string }[];
  /** The snapshots that count from then on: their writers had died before they could say so. */
  readonly completed: readonly { readonly clusterId: string; readonly name: string }[];
  /** The clusters whose record of commits was made anew, with the names that count from then on. */
  readonly rebuilt: readonly { readonly clusterId: string; readonly names: readonly string[] }[];
}

/** The clusters whose record of commits is lost, and that a repair would make anew. @throws what storages throw */
export function clustersToRebuild({ clock }: VerbContext, repository: Repository): Promise<string[]> {
  return lostCommits(repository, clock);
}

/**
 * Completes what only lacked its commit, and clears away what nobody will go on with: uploads that nobody has written to for `limits.stagingAgeMs`, and what writers
 * left that have ended. What may be a snapshot which lost its manifest stays, and so does every snapshot.
 *
 * @param rebuild the clusters whose lost record of commits is made anew; nobody may write to them meanwhile
 * @throws lease-held, what storages throw, the signal's reason
 */
export async function repairRepository(
  { clock, signal }: VerbContext,
  repository: Repository,
  rebuild: readonly string[],
): Promise<RepositoryRepair> {
  const rebuilt: { clusterId: string; names: string[] }[] = [];
  for (const clusterId of rebuild) {
    signal.throwIfAborted();
    const names = await rebuildCommits(repository, clock, clusterId);
    if (names !== undefined) rebuilt.push({ clusterId, names });
  }
  const completed: { clusterId: string; name: string }[] = [];
  for (const { clusterId, name, failure } of (await repository.snapshots()).damaged) {
    signal.throwIfAborted();
    if (name === null || !isFailure(failure, 'manifest-uncommitted')) continue;
    if (await completeUncommitted(repository, clock, { clusterId, name }))
      completed.push({ clusterId, name });
  }
  const before = new Date(clock.now().getTime() - limits.stagingAgeMs);
  const uploads = await repository.storage.removeStale(before);
  const cleared: { clusterId: string; name: string }[] = [];
  const listing = await repository.snapshots();
  for (const { kind, clusterId, name, busy } of await findLeftovers(repository, clock, listing)) {
    signal.throwIfAborted();
    if ((kind !== 'unfinished' && kind !== 'claim') || busy || clusterId === null || name === null) continue;
    if (await repository.clearRemains(clusterId, name)) cleared.push({ clusterId, name });
  }
  return { uploads, cleared, completed, rebuilt };
}
