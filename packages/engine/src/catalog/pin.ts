import type { Repository, SnapshotEntry } from '@holdfast/repository';
import type { VerbContext } from '../context.ts';
import { showSnapshot, type SnapshotChoice } from './show.ts';

/**
 * Keeps a snapshot from being deleted, and says what is then known of it. A pinned one keeps the pin and the reason
 * that it has.
 *
 * @throws as `showSnapshot`; disk-full, file-unwritable
 */
export async function pinSnapshot(
  context: VerbContext,
  repository: Repository,
  request: SnapshotChoice & {
    readonly reason: string;
    /** When the pin ends by itself; absent: never. */
    readonly until?: Date | undefined;
  },
): Promise<SnapshotEntry> {
  await repository.pin(await showSnapshot(context, repository, request), request.reason, request.until);
  return showSnapshot(context, repository, request);
}

/** Lets a snapshot go, pinned or not. @throws as `showSnapshot`; file-unwritable */
export async function unpinSnapshot(
  context: VerbContext,
  repository: Repository,
  request: SnapshotChoice,
): Promise<SnapshotEntry> {
  await repository.unpin(await showSnapshot(context, repository, request));
  return showSnapshot(context, repository, request);
}
