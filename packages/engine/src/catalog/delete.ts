import { Failure } from '@holdfast/base';
import { newestVerified } from '@holdfast/model';
import type { Repository, SnapshotEntry } from '@holdfast/repository';
import type { VerbContext } from '../context.ts';
import { showSnapshot, type SnapshotChoice } from './show.ts';
import { tryDeletion } from './try-deletion.ts';

export interface DeleteRequest extends SnapshotChoice {
  /** Delete it even when it is the newest verified one of its cluster. */
  readonly forceLast?: boolean;
  /** Refuse what would be refused, and delete nothing. */
  readonly dryRun?: boolean;
}

/**
 * Deletes a snapshot, and says what it was.
 *
 * @throws as `showSnapshot`; snapshot-pinned, snapshot-last-verified, snapshot-busy, file-unwritable,
 *   s3-permission and then nothing is taken off a list
 */
export async function deleteSnapshot(
  context: VerbContext,
  repository: Repository,
  request: DeleteRequest,
): Promise<SnapshotEntry> {
  const entry = await showSnapshot(context, repository, request);
  const { name, cluster, pin } = entry;
  if (pin !== null) throw new Failure('snapshot-pinned', pin.reason || 'no reason was given', { name });
  const { snapshots } = await repository.snapshots(cluster.id);
  if (request.forceLast !== true && newestVerified(snapshots) === name) {
    throw new Failure('snapshot-last-verified', 'it is what the cluster could be brought back from', {
      name,
    });
  }
  context.signal.throwIfAborted();
  if (request.dryRun === true) return entry;
  await tryDeletion(repository, entry, { policy: null, why: 'somebody asked for its deletion' });
  await repository.deleteSnapshot(cluster.id, name);
  return entry;
}
