import { Failure, isFailure, type Clock } from '@holdfast/base';
import {
  type Evidence,
  Pin,
  snapshotState,
  type SnapshotManifest,
  type SnapshotState,
  type TrustDecision,
  Unwanted,
} from '@holdfast/model';
import { readEvidence } from './evidence-file.ts';
import type { KeyRing } from './keys/key-ring.ts';
import { evidenceFolder, objectFile, pinFile, unwantedFile, type SnapshotFolder } from './layout.ts';
import { holds, unreadablePin } from './marks.ts';
import { readManifest, type ReadManifest } from './read-manifest.ts';
import { readRecord } from './record.ts';
import { pathOf } from './storage/path-of.ts';
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
  /** SHA-256 of the manifest's stored bytes, hexadecimal: what a successor's lineage names. */
  readonly manifestSha256: string;
  /** Whether the signatures of the manifest count; what is not trusted is never restored from. */
  readonly trust: TrustDecision;
  /** What its evidence supports, but `damaged` wherever `damage` is not null. */
  readonly state: SnapshotState;
  /** What is wrong with the stored objects as far as their sizes can tell; null: nothing. */
  readonly damage: string | null;
  /** Every verification that was recorded, oldest first; in a list of several snapshots only the newest one. */
  readonly evidence: readonly Evidence[];
  /** The pin that holds; one that has ended is none. */
  readonly pin: Pin | null;
  /** The mark of retention, when it is to be deleted some time after; one that cannot be read is none. */
  readonly unwanted: Unwanted | null;
  /** The stored snapshot, for people: a file on this machine, or `s3://bucket/folder/key`. */
  readonly path: string;
  /** The same as a file that etcd's own tools take as it is; null where it is sealed, compressed or elsewhere. */
  readonly plainFile: string | null;
}

/** A record or a folder that cannot be read. Where a manifest is lost by it, its snapshot is not among the entries. */
export interface DamagedRecord {
  readonly clusterId: string;
  /** The snapshot's; null for what belongs to the cluster itself. */
  readonly name: string | null;
  readonly path: string;
  readonly failure: Failure;
}

/** What an entry is read with. */
export interface EntryReader {
  readonly storage: Storage;
  readonly ring: KeyRing;
  readonly clock: Clock;
  readonly damaged: DamagedRecord[];
  /** Every verification, or the newest one alone: the state needs no other. */
  readonly evidence: 'all' | 'newest';
}

/** The manifest that makes a folder a snapshot. */
export interface ManifestFile {
  readonly file: string;
  /** The SHA-256 with which it is committed; `unknown` where the record of that is lost; `v1`: it is of holdfast.dev/v1. */
  readonly committed: { readonly sha256: string } | 'unknown' | 'v1';
}

/**
 * Reads a snapshot from the folder that bears its name; undefined when its manifest is not there any more. Marks
 * (evidence, pin) that cannot be read go to `damaged`.
 *
 * @throws manifest-damaged, repository-newer, file-unreadable for a manifest that cannot be read
 */
export async function readEntry(
  reader: EntryReader,
  folder: SnapshotFolder,
  manifestFile: ManifestFile,
  clusterName: string | undefined,
): Promise<SnapshotEntry | undefined> {
  const { storage, ring } = reader;
  const key = `${folder.key}/${manifestFile.file}`;
  const read = await readManifest(storage, key, manifestFile.committed, ring.trust);
  if (read === undefined) return undefined;
  const { manifest } = read;
  const misfit = misfitOf(manifest, folder) ?? strangerOf(manifest, clusterName);
  if (misfit !== undefined) throw new Failure('manifest-damaged', misfit, { path: pathOf(storage, key) });
  const evidence = await evidenceOf(reader, folder, manifest.content.sha256);
  const damage = damageOf(manifest, folder);
  return {
    ...newEntry(storage, folder.key, read),
    cluster: { id: folder.clusterId, name: clusterName ?? manifest.cluster.name },
    state: damage === null ? snapshotState(evidence, reader.clock.now()) : 'damaged',
    damage,
    evidence,
    pin: await readPin(reader, folder),
    unwanted: await readUnwanted(reader, folder),
  };
}

/** A snapshot as its manifest alone has it: what was committed a moment ago has neither evidence nor a pin. */
export function newEntry(
  storage: Storage,
  folder: string,
  { manifest, sha256, trust }: ReadManifest,
): SnapshotEntry {
  const [snapshot] = manifest.objects;
  const key = `${folder}/${snapshot?.path}`;
  return {
    cluster: { id: manifest.cluster.id, name: manifest.cluster.name },
    name: manifest.name,
    manifest,
    manifestSha256: sha256,
    trust,
    state: snapshotState([]),
    damage: null,
    evidence: [],
    pin: null,
    unwanted: null,
    path: pathOf(storage, key),
    plainFile: snapshot?.encoding === 'plain' ? (storage.localPath(key) ?? null) : null,
  };
}

/** What is wrong with a record itself. That a storage did not answer is no damage, and ends the reading. */
const damages = ['manifest-damaged', 'repository-newer', 'file-unreadable', 'commits-missing', 's3-damaged'];

/** Runs `read`; that the record is damaged is noted in `damaged` and hides nothing else. */
export async function orDamaged<T>(
  { storage, damaged }: Pick<EntryReader, 'storage' | 'damaged'>,
  at: { readonly clusterId: string; readonly name: string | null; readonly key: string },
  read: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await read();
  } catch (failure) {
    if (!isFailure(failure) || !damages.includes(failure.code)) throw failure;
    damaged.push({ clusterId: at.clusterId, name: at.name, path: pathOf(storage, at.key), failure });
    return undefined;
  }
}

async function evidenceOf(
  reader: EntryReader,
  folder: SnapshotFolder,
  contentSha256: string,
): Promise<Evidence[]> {
  const evidence: Evidence[] = [];
  const files = [...folder.objects].filter(
    ([path]) => path.startsWith(`${evidenceFolder}/`) && path.endsWith('.json'),
  );
  // Their names begin with their times.
  for (const [, { key }] of files.toSorted(([a], [b]) => (a < b ? 1 : -1))) {
    const read = await orDamaged(reader, { ...folder, key }, () =>
      readEvidence(reader.storage, reader.ring.trust, key, { ...folder, contentSha256 }),
    );
    if (read !== undefined) evidence.push(read);
    // One from the future does not show whether a later one failed.
    const isPast = read !== undefined && Date.parse(read.at) <= reader.clock.now().getTime();
    if (reader.evidence === 'newest' && isPast) break;
  }
  return evidence.sort((a, b) => a.at.localeCompare(b.at));
}

/** A pin that cannot be read still pins: the doubt is in favour of keeping. */
async function readPin(reader: EntryReader, folder: SnapshotFolder): Promise<Pin | null> {
  const object = folder.objects.get(pinFile);
  if (object === undefined) return null;
  const at = { ...folder, key: object.key };
  const pin =
    (await orDamaged(reader, at, () => readRecord(reader.storage, object.key, Pin)))?.record ??
    unreadablePin(object);
  return holds(pin, reader.clock.now()) ? pin : null;
}

async function readUnwanted(reader: EntryReader, folder: SnapshotFolder): Promise<Unwanted | null> {
  const object = folder.objects.get(unwantedFile);
  if (object === undefined) return null;
  const at = { ...folder, key: object.key };
  const read = await orDamaged(reader, at, () => readRecord(reader.storage, object.key, Unwanted));
  return read?.record ?? null;
}

/** Why a manifest is not of the cluster that this folder is said to be: records of clusters are not signed. */
function strangerOf({ cluster }: SnapshotManifest, clusterName: string | undefined): string | undefined {
  if (clusterName === undefined || cluster.name === clusterName) return undefined;
  return `it is of cluster ${cluster.name}, and the record of the cluster says ${clusterName}`;
}

/** Why a well-formed manifest is not the one of this folder. */
function misfitOf(manifest: SnapshotManifest, folder: SnapshotFolder): string | undefined {
  if (manifest.name !== folder.name) return `it is the manifest of ${JSON.stringify(manifest.name)}`;
  if (manifest.cluster.id !== folder.clusterId) return `it belongs to cluster ${manifest.cluster.id}`;
  const [snapshot, companions, ...more] = manifest.objects;
  if (snapshot?.role !== 'snapshot' || more.length > 0 || (companions && companions.role !== 'companions')) {
    return 'its objects must be a snapshot and, at most, its companions';
  }
  if (snapshot.encoding === 'age') return 'a snapshot is never sealed without being compressed';
  if (companions !== undefined && companions.encoding !== 'age') return 'companions are always sealed';
  for (const object of manifest.objects) {
    if (object.path !== objectFile(object)) return `${object.role}: its path must be ${objectFile(object)}`;
  }
  const { size, sha256 } = manifest.content;
  if (snapshot.encoding === 'plain' && (snapshot.size !== size || snapshot.sha256 !== sha256)) {
    return 'a plain object must be the content itself';
  }
  return undefined;
}

function damageOf({ objects }: SnapshotManifest, folder: SnapshotFolder): string | null {
  for (const { path, size } of objects) {
    const object = folder.objects.get(path);
    if (object === undefined) return `${path} is missing`;
    if (object.size !== size) return `${path} has ${object.size} bytes, its manifest says ${size}`;
  }
  return null;
}
