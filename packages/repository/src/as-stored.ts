import { createHash } from 'node:crypto';
import { Failure, limits } from '@holdfast/base';
import type { SnapshotEntry } from './entry.ts';
import { isManifestFile, objectFile, snapshotFolder } from './layout.ts';
import type { SnapshotId } from './repository.ts';
import type { ObjectKind } from './snapshot-writer.ts';
import { pathOf } from './storage/path-of.ts';
import type { Storage, StoredObject } from './storage/storage.ts';

/** An object of a snapshot as it is stored, unopened. @throws file-unreadable, what storages throw */
export function objectAsStored(
  storage: Storage,
  { cluster, name }: SnapshotId,
  object: ObjectKind,
): AsyncIterable<Uint8Array> {
  return storage.read(`${snapshotFolder(cluster.id, name)}/${objectFile(object)}`);
}

/** What the storage knows of an object of a snapshot without reading it, its lock too; undefined when it is not there. */
export function statOfObject(
  storage: Storage,
  { cluster, name }: SnapshotId,
  object: ObjectKind,
): Promise<StoredObject | undefined> {
  return storage.stat(`${snapshotFolder(cluster.id, name)}/${objectFile(object)}`);
}

/**
 * The manifest of a snapshot as it is stored, signatures and all: the very bytes that the entry was read from.
 *
 * @throws manifest-damaged when it is not there any more; what storages throw
 */
export async function manifestAsStored(
  storage: Storage,
  { cluster, name, manifestSha256 }: SnapshotId & Pick<SnapshotEntry, 'manifestSha256'>,
): Promise<Uint8Array> {
  const folder = snapshotFolder(cluster.id, name);
  for await (const { key } of storage.list(folder)) {
    if (!isManifestFile(key.slice(folder.length + 1))) continue;
    const bytes = await storage.get(key, limits.recordBytes);
    if (bytes !== undefined && sha256(bytes) === manifestSha256) return bytes;
  }
  const path = pathOf(storage, folder);
  throw new Failure('manifest-damaged', 'its bytes are not those any more that were read before', { path });
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
