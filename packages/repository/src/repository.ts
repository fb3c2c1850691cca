import { createHash, randomUUID } from 'node:crypto';
import { Failure, limits, systemClock, type Clock } from '@holdfast/base';
import { ClusterRecord, type Evidence, RepositoryRecord, type SnapshotManifest } from '@holdfast/model';
import { manifestAsStored, objectAsStored, statOfObject } from './as-stored.ts';
import {
  openContent,
  readCompanions,
  readContent,
  type ContentWatch,
  type StoredSnapshot,
} from './content.ts';
import { Commits } from './commits.ts';
import { orDamaged, type SnapshotEntry } from './entry.ts';
import { encodeEvidence } from './evidence-file.ts';
import type { ClientKeys } from './keys/client-keys.ts';
import type { KeyRing } from './keys/key-ring.ts';
import { openKeyRing } from './keys/open.ts';
import { clusterKey, evidenceKey, pinFile, repositoryKey, snapshotFolder, unwantedFile } from './layout.ts';
import { findEntry, readCluster, readClusters, readListing, type Listing } from './listing.ts';
import { isCutRemoval, isPinned, putPin, putUnwanted, type MarksPlace, type UnwantedMark } from './marks.ts';
import type { ByteSource } from './object/index.ts';
import { readManifest } from './read-manifest.ts';
import { apiVersion, encodeRecord, readRecord } from './record.ts';
import { clearRemains, removeSnapshot } from './removal.ts';
import { stageSnapshot, type ObjectKind, type SnapshotWriter, type StageOptions } from './snapshot-writer.ts';
import { LocalStorage } from './storage/local/local.ts';
import type { Storage, StoredObject } from './storage/storage.ts';

export interface OpenOptions {
  /** Make the repository where there is nothing yet. */
  readonly create: boolean;
  /** What opens, signs and trusts; nothing when absent. */
  readonly keys?: ClientKeys;
  readonly clock?: Clock;
  /** The source of ids and of random names. */
  readonly uuid?: () => string;
}

/** What names a snapshot without doubt; every entry does. */
export type SnapshotId = Pick<SnapshotEntry, 'name'> & { readonly cluster: { readonly id: string } };

/**
 * Opens a repository in a folder or any other storage; writes nothing unless it makes it.
 *
 * @throws repository-missing where nothing is there and `create` is false, repository-foreign where something else is,
 *   repository-newer, manifest-damaged, file-unreadable, file-unwritable, disk-full; keys-untrusted, keys-rolled-back,
 *   memory-damaged
 */
export async function openRepository(where: string | Storage, options: OpenOptions): Promise<Repository> {
  const { create, keys = {}, clock = systemClock, uuid = randomUUID } = options;
  const storage = typeof where === 'string' ? new LocalStorage(where, uuid) : where;
  const read = (): ReturnType<typeof readRecord<RepositoryRecord>> =>
    readRecord(storage, repositoryKey, RepositoryRecord);
  const repository = storage.location;
  let found = await read();
  if (found === undefined && (await storage.isEmpty())) {
    if (!create) throw new Failure('repository-missing', 'nothing is there', { repository });
    const createdAt = clock.now().toISOString();
    await storage.put(repositoryKey, encodeRecord({ apiVersion, kind: 'Repository', id: uuid(), createdAt }));
  }
  // Read again in any case: of two who make a repository at once, both use the record that came first.
  found ??= await read();
  if (found === undefined) {
    throw new Failure('repository-foreign', `something else is there, and no ${repositoryKey}`, {
      repository,
    });
  }
  const ring = await openKeyRing(storage, found.record.id, keys);
  return new Repository(storage, found.record, { ring, clock, uuid });
}

/** The snapshots of one or more clusters, with all that is known of each. docs/format.md is its layout. */
export class Repository {
  readonly storage: Storage;
  readonly record: RepositoryRecord;
  /** Whom it is sealed for, who signs here, and whose signatures count. */
  readonly ring: KeyRing;
  readonly #clock: Clock;
  readonly #uuid: () => string;

  constructor(
    storage: Storage,
    record: RepositoryRecord,
    { ring, clock, uuid }: { ring: KeyRing; clock: Clock; uuid: () => string },
  ) {
    this.storage = storage;
    this.record = record;
    this.ring = ring;
    this.#clock = clock;
    this.#uuid = uuid;
  }

  /** Where it is, as its user would write it. */
  get location(): string {
    return this.storage.location;
  }

  /** Every cluster whose record can be read. */
  clusters(): Promise<ClusterRecord[]> {
    return readClusters(this.storage);
  }

  /**
   * The cluster of this name, made if there is none. Its id is the UID of its Kubernetes; without one it follows from
   * the repository's and the name, so that two who add one name at once get one cluster.
   *
   * @throws cluster-foreign when another cluster has the name; manifest-damaged, disk-full, file-unwritable; ZodError
   *   for a name that is not of `clusterNamePattern`
   */
  async addCluster(name: string, kubernetesUid?: string): Promise<ClusterRecord> {
    const clusters = await this.clusters();
    const known = clusters.find((each) => each.kubernetesUid !== undefined && each.id === kubernetesUid);
    if (known !== undefined) return known;
    const named = clusters.find((each) => each.name === name);
    if (named !== undefined) {
      const uid =
        named.kubernetesUid ?? (await this.newestManifest(named.id))?.cluster.kubernetesUid ?? undefined;
      if (uid === undefined || kubernetesUid === undefined || uid === kubernetesUid) return named;
      const why = `the cluster of that name is the Kubernetes ${uid}, and this one is ${kubernetesUid}`;
      throw new Failure('cluster-foreign', why, { cluster: name });
    }
    const cluster = ClusterRecord.parse({
      apiVersion,
      kind: 'Cluster',
      id: kubernetesUid ?? nameUuid(this.record.id, name),
      name,
      createdAt: this.#clock.now().toISOString(),
      ...(kubernetesUid !== undefined && { kubernetesUid }),
    });
    await this.storage.put(clusterKey(cluster.id), encodeRecord(cluster));
    return (await readCluster(this.storage, cluster.id)) ?? cluster;
  }

  /** All that is here, or what belongs to one cluster (its name or id). @throws cluster-missing, file-unreadable */
  async snapshots(cluster?: string): Promise<Listing> {
    return readListing(this.#source, await this.#clusterId(cluster));
  }

  /**
   * The snapshot of exactly this name, in one cluster (its name or id) or in any.
   *
   * @throws snapshot-missing, cluster-missing, cluster-ambiguous when several clusters have one, manifest-damaged,
   *   repository-newer, file-unreadable
   */
  async snapshot(name: string, cluster?: string): Promise<SnapshotEntry> {
    return findEntry(this.#source, name, await this.#clusterId(cluster));
  }

  /**
   * The newest manifest of a cluster that is trusted and that `fits`; the one that was committed last is asked first.
   *
   * @throws lease-held, commits-missing, what storages throw
   */
  async newestManifest(
    clusterId: string,
    fits: (manifest: SnapshotManifest) => boolean = () => true,
  ): Promise<SnapshotManifest | undefined> {
    const { storage, ring } = this;
    const committed = (await new Commits(this.#source, clusterId).committed())?.values() ?? [];
    for (const { key, sha256 } of [...committed].toReversed()) {
      const read = await orDamaged({ storage, damaged: [] }, { clusterId, name: null, key }, () =>
        readManifest(storage, key, { sha256 }, ring.trust),
      );
      if (read?.trust.trusted === true && fits(read.manifest)) return read.manifest;
    }
    // Those of v1 are not committed.
    const { snapshots } = await readListing(this.#source, clusterId);
    return snapshots.findLast(({ trust, manifest }) => trust.trusted && fits(manifest))?.manifest;
  }

  /**
   * Begins a snapshot, and clears away what unfinished writers left long ago.
   *
   * @throws snapshot-name-invalid, snapshot-name-taken, snapshot-busy, disk-full, file-unwritable
   */
  async stageSnapshot(clusterId: string, name: string, options: StageOptions): Promise<SnapshotWriter> {
    await this.storage.removeStale(new Date(this.#clock.now().getTime() - limits.stagingAgeMs));
    return stageSnapshot({ ...this.#source, clusterId }, name, options);
  }

  /**
   * The content of a snapshot, opened: the bytes that etcd sent, in order. Their SHA-256 is the reader's to compare.
   *
   * @throws key-missing, key-not-matching, object-damaged, file-unreadable, what storages throw
   */
  readContent(snapshot: StoredSnapshot, watch?: ContentWatch): AsyncIterable<Uint8Array> {
    return readContent(this.storage, this.ring, snapshot, watch);
  }

  /**
   * The content of a snapshot by position: a page of it takes one request, without the rest.
   *
   * @throws key-missing, key-not-matching, object-damaged, file-unreadable, what storages throw
   */
  openContent(snapshot: StoredSnapshot, signal?: AbortSignal): Promise<ByteSource> {
    return openContent(this.storage, this.ring, snapshot, signal);
  }

  /**
   * The companions of a snapshot, a tar; undefined when it has none.
   *
   * @throws key-missing, key-not-matching, object-damaged, file-unreadable, what storages throw
   */
  readCompanions(snapshot: StoredSnapshot): AsyncIterable<Uint8Array> | undefined {
    return readCompanions(this.storage, this.ring, snapshot);
  }

  /** An object of a snapshot as it is stored, unopened. @throws file-unreadable, what storages throw */
  readObject(snapshot: SnapshotId, object: ObjectKind): AsyncIterable<Uint8Array> {
    return objectAsStored(this.storage, snapshot, object);
  }

  /** What the storage knows of an object without reading it, its lock too. @throws what storages throw */
  statObject(snapshot: SnapshotId, object: ObjectKind): Promise<StoredObject | undefined> {
    return statOfObject(this.storage, snapshot, object);
  }

  /** The manifest of a snapshot as it is stored, signatures and all. @throws manifest-damaged when it is not there any more */
  manifestBytes(snapshot: SnapshotId & Pick<SnapshotEntry, 'manifestSha256'>): Promise<Uint8Array> {
    return manifestAsStored(this.storage, snapshot);
  }

  /**
   * Records a verification, for ever; signed where this client signs.
   *
   * @throws signer-missing where it has to be signed, and this client cannot; disk-full, file-unwritable, what storages throw
   */
  async addEvidence(snapshot: SnapshotId, evidence: Evidence): Promise<void> {
    const record = encodeEvidence({ ...evidence, cluster: snapshot.cluster.id }, this.ring);
    const at = new Date(evidence.at);
    while (!(await this.storage.put(evidenceKey(folderOf(snapshot), at, this.#uuid().slice(0, 8)), record)));
  }

  /**
   * Keeps a snapshot from being deleted, for ever or until a time. A pinned one keeps the pin that it has, as long as that
   * holds; whether this made one is the answer.
   *
   * @throws disk-full, file-unwritable
   */
  pin(snapshot: SnapshotId, reason: string, until: Date | null = null): Promise<boolean> {
    return putPin(this.#marks(snapshot), { reason, until: until?.toISOString() ?? null });
  }

  /** Lets a snapshot go; false when it was not pinned. @throws file-unwritable */
  unpin(snapshot: SnapshotId): Promise<boolean> {
    return this.storage.delete(`${folderOf(snapshot)}/${pinFile}`);
  }

  /** Whether a pin is there that holds, or cannot be read, be what it pins a snapshot or the remains of one. */
  isPinned(snapshot: SnapshotId): Promise<boolean> {
    return isPinned(this.#marks(snapshot));
  }

  /**
   * Marks a snapshot as not wanted any more, from now on where nothing else is said; false when a mark is there, which stays.
   *
   * @throws disk-full, file-unwritable, what storages throw
   */
  markUnwanted(snapshot: SnapshotId, mark: UnwantedMark): Promise<boolean> {
    return putUnwanted(this.#marks(snapshot), mark);
  }

  /** Takes the mark of what is not wanted off; false when there was none. @throws file-unwritable, what storages throw */
  unmarkUnwanted(snapshot: SnapshotId): Promise<boolean> {
    return this.storage.delete(`${folderOf(snapshot)}/${unwantedFile}`);
  }

  /** Whether what bears a name without being a snapshot is a marked one whose removal was cut short. */
  isCutRemoval(snapshot: SnapshotId): Promise<boolean> {
    return isCutRemoval(this.#marks(snapshot));
  }

  /**
   * Removes what bears this name, be it whole, damaged or unfinished, without asking about pins.
   *
   * @throws snapshot-missing, snapshot-busy, file-unwritable; signer-missing where a removal has to be signed, and this
   *   client cannot
   */
  deleteSnapshot(clusterId: string, name: string): Promise<void> {
    return removeSnapshot({ ...this.#source, clusterId }, name);
  }

  /**
   * Clears away what a dead writer, or a removal that was cut short, left under a name; a snapshot that exists is left
   * alone, but for such a claim on it.
   *
   * @returns false when somebody is at work there, or it is not known whose remains it is
   * @throws lease-held, lease-lost, commits-missing, what storages throw
   */
  clearRemains(clusterId: string, name: string): Promise<boolean> {
    return clearRemains({ ...this.#source, clusterId }, name);
  }

  #marks(snapshot: SnapshotId): MarksPlace {
    return { ...this.#source, folder: folderOf(snapshot) };
  }

  get #source(): { storage: Storage; ring: KeyRing; clock: Clock } {
    return { storage: this.storage, ring: this.ring, clock: this.#clock };
  }

  async #clusterId(cluster: string | undefined): Promise<string | undefined> {
    if (cluster === undefined) return undefined;
    const clusters = await this.clusters();
    const [found, ...more] = clusters.filter((each) => each.id === cluster || each.name === cluster);
    if (found !== undefined && more.length > 0) {
      const ids = [found, ...more].map(({ id }) => id).join(' and ');
      throw new Failure('cluster-ambiguous', `${ids} each have the name ${cluster}`);
    }
    if (found !== undefined) return found.id;
    const why = `the repository holds ${clusters.map(({ name }) => name).join(', ') || 'no cluster'}`;
    throw new Failure('cluster-missing', why, { cluster });
  }
}

function folderOf(snapshot: SnapshotId): string {
  return snapshotFolder(snapshot.cluster.id, snapshot.name);
}

/** A version 8 UUID (RFC 9562, section 5.8): the first bits of SHA-256 over `<space>/<name>`. */
function nameUuid(space: string, name: string): string {
  const bytes = createHash('sha256').update(`${space}/${name}`).digest().subarray(0, 16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x80, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}
