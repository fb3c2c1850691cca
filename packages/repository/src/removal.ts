import { Failure, type Clock } from '@holdfast/base';
import { claimFolder, isClaim } from './claim.ts';
import { manifestFile, snapshotFolder } from './layout.ts';
import type { Storage } from './storage/storage.ts';

/**
 * Removes a snapshot, damaged and unfinished ones too: first the manifest, after which it does not exist, then the
 * rest. When it is cut short, what is left is an unfinished snapshot that another removal or save clears away.
 *
 * @throws snapshot-missing, snapshot-busy, file-unwritable
 */
export async function removeSnapshot(
  storage: Storage,
  clock: Clock,
  clusterId: string,
  name: string,
): Promise<void> {
  const folder = snapshotFolder(clusterId, name);
  const claim = await claimFolder(storage, folder, clock);
  if (claim === undefined) {
    throw new Failure('snapshot-busy', 'another process has claimed the name', { name });
  }
  const keys: string[] = [];
  try {
    for await (const object of storage.list(folder)) if (!isClaim(object)) keys.push(object.key);
    const manifest = `${folder}/${manifestFile}`;
    if (keys.includes(manifest)) await storage.delete(manifest);
    for (const key of keys) if (key !== manifest) await storage.delete(key);
  } finally {
    await claim.release();
  }
  if (keys.length === 0 && !claim.inherited) {
    throw new Failure('snapshot-missing', 'the repository holds nothing under this name', { name });
  }
}
