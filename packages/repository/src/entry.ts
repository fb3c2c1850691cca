import { Failure, isFailure } from '@holdfast/base';
import { Evidence, Pin, SnapshotManifest, snapshotState, type SnapshotState } from '@holdfast/model';
import { evidenceFolder, manifestFile, pinFile, snapshotFile, type SnapshotFolder } from './layout.ts';
import { apiVersion, readRecord } from './record.ts';
import type { Storage } from './storage/storage.ts';

/** A cluster's id in the repository and its name. */
export interface ClusterName {
  readonly id: string;
  readonly name: string;
}

/** A snapshot that exists: its manifest is there and can be read. */
export interface SnapshotEntry {
  readonly cluster: ClusterName;
  readonly name: string;
  readonly manifest: SnapshotManifest;
  /** SHA-256 of the manifest's bytes, hexadecimal: what a successor's lineage names. */
  readonly manifestSha256: string;
  /** What its evidence supports, but `damaged` wherever `damage` is not null. */
  readonly state: SnapshotState;
  /** What is wrong with the snapshot file as far as its size can tell; null: nothing. */
  readonly damage: string | null;
  /** Every verification that was recorded, oldest first. */
  readonly evidence: readonly Evidence[];
  readonly pin: Pin | null;
  /** The snapshot file on this machine; its key where the storage has no files. */
  readonly path: string;
}

/** A record or a folder that cannot be read. Where a manifest is lost by it, its snapshot is not among the entries. */
export interface DamagedRecord {
  readonly clusterId: string;
  /** The snapshot's; null for what belongs to the cluster itself. */
  readonly name: string | null;
  readonly path: string;
  readonly failure: Failure;
}

/**
 * Reads a snapshot from the folder that bears its name; undefined when it has no manifest, or has none any more. Marks
 * (evidence, pin) that cannot be read go to `damaged`.
 *
 * @throws manifest-damaged, repository-newer, file-unreadable for a manifest that cannot be read
 */
export async function readEntry(
  storage: Storage,
  folder: SnapshotFolder,
  clusterName: string | undefined,
  damaged: DamagedRecord[],
): Promise<SnapshotEntry | undefined> {
  const manifestKey = `${folder.key}/${manifestFile}`;
  const read = await readRecord(storage, manifestKey, SnapshotManifest);
  if (read === undefined) return undefined;
  const { record: manifest, sha256: manifestSha256 } = read;
  const misfit = misfitOf(manifest, folder);
  if (misfit !== undefined) {
    throw new Failure('manifest-damaged', misfit, { path: pathOf(storage, manifestKey) });
  }
  const evidence = await readEvidence(storage, folder, damaged);
  const damage = damageOf(manifest, folder);
  return {
    cluster: { id: folder.clusterId, name: clusterName ?? manifest.cluster.name },
    name: folder.name,
    manifest,
    manifestSha256,
    state: damage === null ? snapshotState(evidence) : 'damaged',
    damage,
    evidence,
    pin: await readPin(storage, folder, damaged),
    path: pathOf(storage, `${folder.key}/${snapshotFile}`),
  };
}

/** Runs `read`; a failure of it is noted in `damaged` and hides nothing else. */
export async function orDamaged<T>(
  storage: Storage,
  damaged: DamagedRecord[],
  at: { readonly clusterId: string; readonly name: string | null; readonly key: string },
  read: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await read();
  } catch (failure) {
    if (!isFailure(failure)) throw failure;
    damaged.push({ clusterId: at.clusterId, name: at.name, path: pathOf(storage, at.key), failure });
    return undefined;
  }
}

async function readEvidence(
  storage: Storage,
  folder: SnapshotFolder,
  damaged: DamagedRecord[],
): Promise<Evidence[]> {
  const evidence: Evidence[] = [];
  for (const [path, { key }] of folder.objects) {
    if (!path.startsWith(`${evidenceFolder}/`) || !path.endsWith('.json')) continue;
    const read = await orDamaged(storage, damaged, { ...folder, key }, () =>
      readRecord(storage, key, Evidence),
    );
    if (read !== undefined) evidence.push(read.record);
  }
  return evidence.sort((a, b) => a.at.localeCompare(b.at));
}

/** A pin that cannot be read still pins: the doubt is in favour of keeping. */
async function readPin(
  storage: Storage,
  folder: SnapshotFolder,
  damaged: DamagedRecord[],
): Promise<Pin | null> {
  const object = folder.objects.get(pinFile);
  if (object === undefined) return null;
  const { key, modifiedAt } = object;
  const read = await orDamaged(storage, damaged, { ...folder, key }, () => readRecord(storage, key, Pin));
  if (read !== undefined) return read.record;
  return {
    apiVersion,
    kind: 'Pin',
    at: modifiedAt.toISOString(),
    reason: 'the record of the pin is damaged',
  };
}

/** Why a well-formed manifest is not the one of this folder. */
function misfitOf(manifest: SnapshotManifest, folder: SnapshotFolder): string | undefined {
  if (manifest.name !== folder.name) return `it is the manifest of ${JSON.stringify(manifest.name)}`;
  if (manifest.cluster.id !== folder.clusterId) return `it belongs to cluster ${manifest.cluster.id}`;
  const [object, ...more] = manifest.objects;
  if (object?.path !== snapshotFile || more.length > 0) return `its only object must be ${snapshotFile}`;
  if (object.size !== manifest.content.size || object.sha256 !== manifest.content.sha256) {
    return 'a plain object must be the content itself';
  }
  return undefined;
}

function damageOf(manifest: SnapshotManifest, folder: SnapshotFolder): string | null {
  const object = folder.objects.get(snapshotFile);
  if (object === undefined) return `${snapshotFile} is missing`;
  if (object.size === manifest.content.size) return null;
  return `${snapshotFile} has ${object.size} bytes, its manifest says ${manifest.content.size}`;
}

function pathOf(storage: Storage, key: string): string {
  return storage.localPath(key) ?? key;
}
