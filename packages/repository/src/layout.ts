import { isSnapshotName, type SnapshotManifest } from '@holdfast/model';
import type { StoredObject } from './storage/storage.ts';

/** Where everything is in a repository; docs/format.md describes it. */
export const repositoryKey = 'holdfast-repository.json';
export const clustersFolder = 'clusters';

/** The manifest of holdfast.dev/v1: it exists by being there. */
export const manifestV1File = 'manifest.json';
export const pinFile = 'pin.json';
/** Last by its name too, so that it is the last to go. */
export const unwantedFile = 'unwanted.json';
export const evidenceFolder = 'evidence';

/** The manifest that a holder of the cluster's lease commits; `epochName` is that holder's. */
export function manifestFile(epochName: string): string {
  return `manifest-${epochName}.json`;
}

/** Whether a file of a snapshot's folder is a manifest, committed or not. */
export function isManifestFile(file: string): boolean {
  return /^manifest(?:-\d{12})?\.json$/.test(file);
}

/** Whether a key is that of a manifest of v2, which counts only where it is committed. */
export function isCommittableKey(key: string): boolean {
  return /\/manifest-\d{12}\.json$/.test(key);
}

type StoredAs = Pick<SnapshotManifest['objects'][number], 'role' | 'encoding'>;

/** The file of an object in its snapshot's folder: named so that a stranger knows what opens it. */
export function objectFile({ role, encoding }: StoredAs): string {
  const base = role === 'snapshot' ? 'snapshot.db' : 'companions.tar';
  return `${base}${{ plain: '', zstd: '.zst', 'zstd+age': '.zst.age', age: '.age' }[encoding]}`;
}

export function clusterFolder(clusterId: string): string {
  return `${clustersFolder}/${clusterId}`;
}

/** The records of what was removed on purpose; see removal-record.ts. */
export function removedFolder(clusterId: string): string {
  return `${clusterFolder(clusterId)}/removed`;
}

export function clusterKey(clusterId: string): string {
  return `${clusterFolder(clusterId)}/cluster.json`;
}

export function snapshotFolder(clusterId: string, name: string): string {
  return `${clusterFolder(clusterId)}/snapshots/${name}`;
}

/** A new key for evidence: the time in RFC 3339's basic form, then `random` for two in one millisecond. */
export function evidenceKey(folder: string, at: Date, random: string): string {
  return `${folder}/${evidenceFolder}/${at.toISOString().replace(/[-:]/g, '')}-${random}.json`;
}

/** The cluster and the snapshot that a key below `clusters/` belongs to; a name of null where it is no snapshot's. */
export function ownerOf(key: string): { clusterId: string; name: string | null } {
  const [, clusterId = '', kind, name] = key.split('/');
  return { clusterId, name: kind === 'snapshots' && name !== undefined ? name : null };
}

/** A folder that bears a snapshot's name, with what is in it by path within it. */
export interface SnapshotFolder {
  readonly clusterId: string;
  readonly name: string;
  /** The folder's own key. */
  readonly key: string;
  readonly objects: ReadonlyMap<string, StoredObject>;
}

/** Sorts objects by the cluster and the snapshot that they belong to; objects that belong to neither are left out. */
export async function sortObjects(
  objects: AsyncIterable<StoredObject>,
): Promise<{ clusterIds: string[]; folders: SnapshotFolder[] }> {
  const clusterIds: string[] = [];
  const folders = new Map<string, SnapshotFolder & { objects: Map<string, StoredObject> }>();
  for await (const object of objects) {
    const [clusters, clusterId, kind, name, ...rest] = object.key.split('/');
    if (clusters !== clustersFolder || clusterId === undefined) continue;
    if (object.key === clusterKey(clusterId)) clusterIds.push(clusterId);
    if (kind !== 'snapshots' || rest.length === 0 || name === undefined || !isSnapshotName(name)) continue;
    const key = snapshotFolder(clusterId, name);
    const folder = folders.get(key) ?? { clusterId, name, key, objects: new Map<string, StoredObject>() };
    folder.objects.set(rest.join('/'), object);
    folders.set(key, folder);
  }
  return { clusterIds, folders: [...folders.values()] };
}
