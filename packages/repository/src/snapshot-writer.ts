import { Failure, limits, type Clock } from '@holdfast/base';
import { numberedSnapshotName, SnapshotManifest, snapshotNameFault } from '@holdfast/model';
import { claimFolder, isClaim, type Claim } from './claim.ts';
import { Commits } from './commits.ts';
import type { KeyRing } from './keys/key-ring.ts';
import { manifestFile, objectFile, snapshotFolder } from './layout.ts';
import { newestOwn, nextPlace } from './lineage.ts';
import { newEntry, type SnapshotEntry } from './entry.ts';
import { findOrphan } from './orphan.ts';
import { signManifest } from './manifest/index.ts';
import { takeManifest } from './read-manifest.ts';
import { encodeRecord } from './record.ts';
import { deleteHeld, isSnapshot, withdrawManifest } from './removal.ts';
import type { ObjectWriter, Storage, StoredObject } from './storage/storage.ts';

/** An object of a snapshot, by what it is and how it is stored. */
export type ObjectKind = Pick<SnapshotManifest['objects'][number], 'role' | 'encoding'>;

/** A manifest without its place in the chain, which is only known when it is committed. */
export type ManifestDraft = Omit<SnapshotManifest, 'apiVersion' | 'kind' | 'lineage'>;

/** A snapshot being written: it does not exist before `commit` returns, and leaves nothing after `discard`. */
export interface SnapshotWriter {
  /** The final name; nobody else can take it while this writer lives. */
  readonly name: string;
  /**
   * Begins an object; its writer takes the bytes that are stored, already encoded, and is placed by `place`.
   *
   * @param resume what an earlier writer of the same object called itself (ObjectWriter.resume)
   * @throws disk-full, file-unwritable, what storages throw
   */
  begin(kind: ObjectKind, resume?: string): Promise<ObjectWriter>;
  /**
   * Puts every object under its key, durable; nothing is listed yet. May be called again where it failed for a moment.
   *
   * @throws snapshot-name-taken, disk-full, file-unwritable, what storages throw
   */
  place(): Promise<void>;
  /** What is stored of an object that was placed. @throws what storages throw */
  readBack(kind: ObjectKind): AsyncIterable<Uint8Array>;
  /**
   * Places what is not placed, signs the manifest and commits it, all durable. On failure nothing is left.
   *
   * @returns the snapshot as it was committed, nothing of it read again
   * @throws snapshot-name-taken, lease-held, lease-lost, commits-missing, disk-full, file-unwritable, what storages throw
   */
  commit(draft: ManifestDraft): Promise<SnapshotEntry>;
  /** Gives up: removes what was written and frees the name. Does nothing after `commit`; never rejects. */
  discard(): Promise<void>;
}

/** With `unique` a name that is taken gets a number (`numberedSnapshotName`), without it is refused. */
export interface StageOptions {
  readonly unique: boolean;
}

/** Where and with what a snapshot is written. */
export interface WriterPlace {
  readonly storage: Storage;
  readonly ring: KeyRing;
  readonly clock: Clock;
  readonly clusterId: string;
}

/** More snapshots in one second than this have another cause. */
const numberedAttempts = 1000;

/** @throws snapshot-name-invalid, snapshot-name-taken, snapshot-busy, cluster-full, disk-full, file-unwritable */
export async function stageSnapshot(
  place: WriterPlace,
  name: string,
  options: StageOptions,
): Promise<SnapshotWriter> {
  const committed = await new Commits(place, place.clusterId).committed();
  refuseFull(place, committed?.size ?? 0);
  for (let n = 1; n <= (options.unique ? numberedAttempts : 1); n += 1) {
    const candidate = n === 1 ? name : numberedSnapshotName(name, n);
    const fault = snapshotNameFault(candidate);
    if (fault !== undefined) throw new Failure('snapshot-name-invalid', fault, { name: candidate });
    const folder = snapshotFolder(place.clusterId, candidate);
    // Looked at first only to spare a taken name the writing of a claim.
    if (await isSnapshot(place.storage, folder, committed)) continue;
    const claim = await claimName(place, folder);
    if (claim === 'taken') continue;
    if (claim === 'busy') {
      if (options.unique) continue;
      throw new Failure('snapshot-busy', 'another process has claimed the name', { name });
    }
    return new StagedSnapshot(candidate, claim, place);
  }
  throw new Failure('snapshot-name-taken', 'names are never used twice', { name });
}

/** What is committed has to fit in one record, with room for those that are being saved meanwhile. */
function refuseFull({ clusterId }: WriterPlace, snapshots: number): void {
  if (snapshots < limits.clusterSnapshots) return;
  throw new Failure('cluster-full', `it has ${snapshots}`, { cluster: clusterId });
}

/** Claims a name for a new snapshot, and clears away what a dead writer left under it. */
async function claimName(place: WriterPlace, folder: string): Promise<Claim | 'taken' | 'busy'> {
  const claim = await claimFolder(place.storage, folder, place.clock);
  if (claim === undefined) return 'busy';
  try {
    if (await clearLeftovers(place, folder, claim)) return claim;
  } catch (error) {
    await claim.release();
    throw error;
  }
  await claim.release();
  return 'taken';
}

/** False when what lies there is not to be cleared away. */
async function clearLeftovers(place: WriterPlace, folder: string, claim: Claim): Promise<boolean> {
  const { storage, clusterId } = place;
  const leftovers: StoredObject[] = [];
  for await (const object of storage.list(folder)) if (!isClaim(object)) leftovers.push(object);
  const commits = new Commits(place, clusterId);
  if (leftovers.length === 0) return !(await isSnapshot(storage, folder, await commits.committed()));
  // Without a dead writer's claim the data is a snapshot that lost its manifest: a person decides about it.
  if (!claim.inherited) return false;
  // The one who was taken for dead commits as the holder of the lease, and only while the claim is its own.
  return await commits.change(async (_, committed) => {
    if (await isSnapshot(storage, folder, committed)) return false;
    const keys = leftovers.map(({ key }) => key);
    const own = place.ring.signing?.publicKey.keyid;
    if ((await findOrphan(place, clusterId, keys, own)) !== undefined) return false;
    await deleteHeld(storage, claim, keys);
    return true;
  });
}

class StagedSnapshot implements SnapshotWriter {
  readonly name: string;
  readonly #place: WriterPlace;
  readonly #folder: string;
  readonly #claim: Claim;
  readonly #objects = new Map<string, { readonly writer: ObjectWriter; placed: boolean }>();
  #manifest: string | undefined;
  #done = false;

  constructor(name: string, claim: Claim, place: WriterPlace) {
    this.name = name;
    this.#claim = claim;
    this.#place = place;
    this.#folder = snapshotFolder(place.clusterId, name);
  }

  async begin(kind: ObjectKind, resume?: string): Promise<ObjectWriter> {
    const key = this.#keyOf(kind);
    const writer = await this.#place.storage.create(key, resume);
    this.#objects.set(key, { writer, placed: false });
    return writer;
  }

  async place(): Promise<void> {
    if (!(await this.#claim.isHeld())) throw this.#taken();
    for (const object of this.#objects.values()) {
      if (object.placed) continue;
      if (!(await object.writer.place())) throw this.#taken();
      object.placed = true;
    }
  }

  readBack(kind: ObjectKind): AsyncIterable<Uint8Array> {
    return this.#place.storage.read(this.#keyOf(kind));
  }

  async commit(draft: ManifestDraft): Promise<SnapshotEntry> {
    this.#check(draft);
    try {
      await this.place();
      const entry = await this.#commit(draft);
      this.#done = true;
      await this.#claim.release();
      return entry;
    } catch (error) {
      await this.discard();
      throw error;
    }
  }

  async discard(): Promise<void> {
    if (this.#done) return;
    this.#done = true;
    for (const { writer } of this.#objects.values()) await writer.discard();
    await this.#takeBack();
  }

  async #commit(draft: ManifestDraft): Promise<SnapshotEntry> {
    const { ring, storage, clusterId } = this.#place;
    const commits = new Commits(this.#place, clusterId);
    const before = (await commits.committed()) ?? new Map();
    const own = await newestOwn(this.#place, before.values());
    return await commits.change(async (lease, committed) => {
      // One who found this claim ended has cleared away the objects, or is waiting for the lease to do so.
      if (!(await this.#claim.isHeld())) throw this.#taken();
      const later = [...committed.values()].filter(({ key }) => !before.has(key));
      const lineage = await nextPlace(this.#place, later, own);
      const manifest = SnapshotManifest.parse({
        apiVersion: 'holdfast.dev/v2',
        kind: 'Snapshot',
        ...draft,
        lineage,
      });
      const bytes = signManifest(encodeRecord(manifest), ring.signing === undefined ? [] : [ring.signing]);
      this.#manifest = `${this.#folder}/${manifestFile(lease.epochName)}`;
      const read = takeManifest(storage, this.#manifest, bytes, ring.trust);
      if (!(await lease.commit(this.#manifest, bytes))) throw this.#taken();
      return newEntry(storage, this.#folder, read);
    });
  }

  /**
   * A write that failed may have happened; but what a successor has written since is not this writer's to remove. What
   * cannot be removed now keeps its claim, and is cleared away by the next one who finds that ended.
   */
  async #takeBack(): Promise<void> {
    const { storage, clusterId } = this.#place;
    try {
      if (await this.#claim.isHeld()) {
        const manifest = this.#manifest;
        if (manifest !== undefined) {
          await new Commits(this.#place, clusterId).change(async (lease, committed) => {
            const own = committed.get(manifest);
            if (own !== undefined) await withdrawManifest(this.#place, lease, own);
          });
          await storage.delete(manifest);
        }
        for (const [key, { placed }] of this.#objects) if (placed) await storage.delete(key);
      }
    } catch {
      // The first failure is the one to tell.
      return;
    }
    await this.#claim.release();
  }

  #keyOf(kind: ObjectKind): string {
    return `${this.#folder}/${objectFile(kind)}`;
  }

  #taken(): Failure {
    return new Failure('snapshot-name-taken', 'another writer came first', { name: this.name });
  }

  /** Only a bug can bring another snapshot's manifest here. */
  #check({ name, cluster, objects }: ManifestDraft): void {
    const keys = objects.map((object) => this.#keyOf(object));
    const fits = keys.length === this.#objects.size && keys.every((key) => this.#objects.has(key));
    if (name !== this.name || cluster.id !== this.#place.clusterId || !fits) {
      throw new RangeError(`the manifest is not that of ${this.name}`);
    }
  }
}
