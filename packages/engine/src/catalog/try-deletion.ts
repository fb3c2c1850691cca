import type { Repository, SnapshotEntry } from '@holdfast/repository';

/**
 * Finds out whether anything may be deleted in a bucket, by the mark of a snapshot that is about to go: it is removed and
 * put again. A removal that is refused on its way would leave objects that nothing lists any more.
 *
 * @throws s3-permission, what storages throw; nothing but the mark may have changed then
 */
export async function tryDeletion(
  repository: Repository,
  entry: SnapshotEntry,
  mark: { readonly policy: string | null; readonly why: string },
): Promise<void> {
  const { cluster, name, unwanted } = entry;
  // In a folder the claim of the removal shows it as well: who may add there may remove.
  if (repository.storage.localPath(`${cluster.id}/${name}`) !== undefined) return;
  if (unwanted === null) await repository.markUnwanted(entry, mark);
  // Where it is not there any more, the snapshot may not be either: nothing is put where it was.
  if (!(await repository.unmarkUnwanted(entry))) return;
  await repository.markUnwanted(entry, { ...mark, since: unwanted?.since });
}
