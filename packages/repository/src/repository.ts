import { createHash, randomUUID } from 'node:crypto';
import { Failure, limits, systemClock, type Clock } from '@holdfast/base';
import { ClusterRecord, Evidence, Pin, RepositoryRecord } from '@holdfast/model';
import { findEntry, readCluster, readClusters, readListing, type Listing } from './listing.ts';
import { clusterKey, evidenceKey, pinFile, repositoryKey, snapshotFile, snapshotFolder } from './layout.ts';
import { apiVersion, encodeRecord, readRecord } from './record.ts';
import { removeSnapshot } from './removal.ts';
import { stageSnapshot, type SnapshotWriter, type StageOptions } from './snapshot-writer.ts';
import type { SnapshotEntry } from './entry.ts';
import { LocalStorage } from './storage/local/local.ts';
import type { ByteRange, Storage } from './storage/storage.ts';

export interface OpenOptions {
  /** Make the repository where there is nothing yet. */
  readonly create: boolean;
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
 *   repository-newer, manifest-damaged, file-unreadable, file-unwritable, disk-full
 */
export async function openRepository(where: string | Storage, options: OpenOptions): Promise<Repository> {
  const { create, clock = systemClock, uuid = randomUUID } = options;
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
  return new Repository(storage, found.record, clock, uuid);
}

/** The snapshots of one or more clusters, with all that is known of each. docs/format.md is its layout. */
export class Repository {
  readonly storage: Storage;
  readonly record: RepositoryRecord;
  readonly #clock: Clock;
  readonly #uuid: () => string;

  constructor(storage: Storage, record: RepositoryRecord, clock: Clock, uuid: () => string) {
    this.storage = storage;
    this.record = record;
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
   * The cluster of this name, made if there is none. Its id follows from the repository's and the name, so that two
   * who add one name at once get one cluster.
   *
   * @throws manifest-damaged, disk-full, file-unwritable; ZodError for a name that is not of `clusterNamePattern`
   */
  async addCluster(name: string): Promise<ClusterRecord> {
    const known = (await this.clusters()).find((each) => each.name === name);
    if (known !== undefined) return known;
    const cluster = ClusterRecord.parse({
      apiVersion,
      kind: 'Cluster',
      id: nameUuid(this.record.id, name),
      name,
      createdAt: this.#clock.now().toISOString(),
    });
    await this.storage.put(clusterKey(cluster.id), encodeRecord(cluster));
    return (await readCluster(this.storage, cluster.id)) ?? cluster;
  }

  /** All that is here, or what belongs to one cluster (its name or id). @throws cluster-missing, file-unreadable */
  async snapshots(cluster?: string): Promise<Listing> {
    return readListing(this.storage, this.#clock, await this.#clusterId(cluster));
  }

  /**
   * The snapshot of exactly this name, in one cluster (its name or id) or in any.
   *
   * @throws snapshot-missing, cluster-missing, cluster-ambiguous when several clusters have one, manifest-damaged,
   *   repository-newer, file-unreadable
   */
  async snapshot(name: string, cluster?: string): Promise<SnapshotEntry> {
    return findEntry(this.storage, name, await this.#clusterId(cluster));
  }

  /**
   * Begins a snapshot, and clears away what unfinished writers left long ago.
   *
   * @throws snapshot-name-invalid, snapshot-name-taken, snapshot-busy, disk-full, file-unwritable
   */
  async stageSnapshot(clusterId: string, name: string, options: StageOptions): Promise<SnapshotWriter> {
    await this.storage.removeStale(new Date(this.#clock.now().getTime() - limits.stagingAgeMs));
    return stageSnapshot(this.storage, this.#clock, clusterId, name, options);
  }

  /** The bytes of a snapshot's file, or of a part of it. @throws file-unreadable */
  readSnapshot(snapshot: SnapshotId, range?: ByteRange): AsyncIterable<Uint8Array> {
    return this.storage.read(`${folderOf(snapshot)}/${snapshotFile}`, range);
  }

  /** Records a verification, for ever. @throws disk-full, file-unwritable */
  async addEvidence(snapshot: SnapshotId, evidence: Evidence): Promise<void> {
    const record = encodeRecord(Evidence.parse(evidence));
    const at = new Date(evidence.at);
    while (!(await this.storage.put(evidenceKey(folderOf(snapshot), at, this.#uuid().slice(0, 8)), record)));
  }

  /**
   * Keeps a snapshot from being deleted. A pinned one keeps the pin that it has; whether this made one is the answer.
   *
   * @throws disk-full, file-unwritable
   */
  pin(snapshot: SnapshotId, reason: string): Promise<boolean> {
    const at = this.#clock.now().toISOString();
    const pin = Pin.parse({ apiVersion, kind: 'Pin', at, reason });
    return this.storage.put(`${folderOf(snapshot)}/${pinFile}`, encodeRecord(pin));
  }

  /** Lets a snapshot go; false when it was not pinned. @throws file-unwritable */
  unpin(snapshot: SnapshotId): Promise<boolean> {
    return this.storage.delete(`${folderOf(snapshot)}/${pinFile}`);
  }

  /** Whether a pin is there, readable or not, be what it pins a snapshot or the remains of one. */
  async isPinned(snapshot: SnapshotId): Promise<boolean> {
    return (await this.storage.stat(`${folderOf(snapshot)}/${pinFile}`)) !== undefined;
  }

  /**
   * Removes what bears this name, be it whole, damaged or unfinished, without asking about pins.
   *
   * @throws snapshot-missing, snapshot-busy, file-unwritable
   */
  deleteSnapshot(clusterId: string, name: string): Promise<void> {
    return removeSnapshot(this.storage, this.#clock, clusterId, name);
  }

  async #clusterId(cluster: string | undefined): Promise<string | undefined> {
    if (cluster === undefined) return undefined;
    const clusters = await this.clusters();
    const found = clusters.find((each) => each.id === cluster || each.name === cluster);
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
