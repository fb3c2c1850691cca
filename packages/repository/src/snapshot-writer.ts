import { Failure, type Clock } from '@holdfast/base';
import { numberedSnapshotName, SnapshotManifest, snapshotNameFault } from '@holdfast/model';
import { claimFolder, isClaim, type Claim } from './claim.ts';
import { manifestFile, snapshotFile, snapshotFolder } from './layout.ts';
import { encodeRecord } from './record.ts';
import type { ObjectWriter, Storage, StoredObject } from './storage/storage.ts';

/** A snapshot being written: it does not exist before `commit` returns, and leaves nothing after `discard`. */
export interface SnapshotWriter {
  /** The final name; nobody else can take it while this writer lives. */
  readonly name: string;
  /** The unfinished snapshot file on this machine, readable until `commit`; undefined where the storage has none. */
  readonly path: string | undefined;
  /** Appends to the snapshot file; blocks of 1 MiB and more are fast. @throws disk-full, file-unwritable */
  write(chunk: Uint8Array): void | Promise<void>;
  /** Makes what was written durable. */
  sync(): Promise<void>;
  /**
   * Puts the file and then the manifest into the repository, both durable. On failure nothing is left.
   * @throws snapshot-name-taken, disk-full, file-unwritable
   */
  commit(manifest: SnapshotManifest): Promise<void>;
  /** Gives up: removes what was written and frees the name. Does nothing after `commit`; never rejects. */
  discard(): Promise<void>;
}

/** With `unique` a name that is taken gets a number (`numberedSnapshotName`), without it is refused. */
export interface StageOptions {
  readonly unique: boolean;
}

/** More snapshots in one second than this have another cause. */
const numberedAttempts = 1000;

/** @throws snapshot-name-invalid, snapshot-name-taken, snapshot-busy, disk-full, file-unwritable */
export async function stageSnapshot(
  storage: Storage,
  clock: Clock,
  clusterId: string,
  name: string,
  options: StageOptions,
): Promise<SnapshotWriter> {
  for (let n = 1; n <= (options.unique ? numberedAttempts : 1); n += 1) {
    const candidate = n === 1 ? name : numberedSnapshotName(name, n);
    const fault = snapshotNameFault(candidate);
    if (fault !== undefined) throw new Failure('snapshot-name-invalid', fault, { name: candidate });
    const folder = snapshotFolder(clusterId, candidate);
    const claim = await claimName(storage, folder, clock);
    if (claim === 'taken') continue;
    if (claim === 'busy') {
      if (options.unique) continue;
      throw new Failure('snapshot-busy', 'another process has claimed the name', { name });
    }
    try {
      return new StagedSnapshot(
        candidate,
        folder,
        claim,
        storage,
        await storage.create(`${folder}/${snapshotFile}`),
      );
    } catch (error) {
      await claim.release();
      throw error;
    }
  }
  throw new Failure('snapshot-name-taken', 'names are never used twice', { name });
}

/** Claims a name for a new snapshot, and clears away what a dead writer left under it. */
async function claimName(storage: Storage, folder: string, clock: Clock): Promise<Claim | 'taken' | 'busy'> {
  // Looked at first only to spare a taken name the writing of a claim.
  if ((await storage.stat(`${folder}/${manifestFile}`)) !== undefined) return 'taken';
  const claim = await claimFolder(storage, folder, clock);
  if (claim === undefined) return 'busy';
  try {
    const leftovers: StoredObject[] = [];
    for await (const object of storage.list(folder)) if (!isClaim(object)) leftovers.push(object);
    // Without a dead writer's claim the data is a snapshot that lost its manifest: a person decides about it.
    const free = leftovers.length === 0 || claim.inherited;
    if (free && leftovers.every((object) => object.key !== `${folder}/${manifestFile}`)) {
      for (const object of leftovers) await storage.delete(object.key);
      return claim;
    }
  } catch (error) {
    await claim.release();
    throw error;
  }
  await claim.release();
  return 'taken';
}

class StagedSnapshot implements SnapshotWriter {
  readonly name: string;
  readonly path: string | undefined;
  readonly #folder: string;
  readonly #claim: Claim;
  readonly #storage: Storage;
  readonly #file: ObjectWriter;
  #size = 0;
  #done = false;

  constructor(name: string, folder: string, claim: Claim, storage: Storage, file: ObjectWriter) {
    this.name = name;
    this.path = file.path;
    this.#folder = folder;
    this.#claim = claim;
    this.#storage = storage;
    this.#file = file;
  }

  write(chunk: Uint8Array): void | Promise<void> {
    this.#size += chunk.length;
    return this.#file.write(chunk);
  }

  sync(): Promise<void> {
    return this.#file.sync();
  }

  async commit(manifest: SnapshotManifest): Promise<void> {
    const record = encodeRecord(this.#checked(manifest));
    this.#done = true;
    const [fileKey, manifestKey] = [`${this.#folder}/${snapshotFile}`, `${this.#folder}/${manifestFile}`];
    let placed = false;
    try {
      placed =
        (await this.#claim.isHeld()) &&
        (await this.#file.place()) &&
        (await this.#storage.put(manifestKey, record));
    } catch (error) {
      await this.#takeBack(manifestKey, fileKey);
      throw error;
    }
    await this.#file.discard();
    await this.#claim.release();
    if (placed) return;
    throw new Failure('snapshot-name-taken', 'another writer came first', { name: this.name });
  }

  /**
   * A write that failed may have happened; but what a successor has written since is not this writer's to remove. What
   * cannot be removed now keeps its claim, and is cleared away by the next one who finds that ended.
   */
  async #takeBack(...keys: string[]): Promise<void> {
    await this.#file.discard();
    try {
      if (!(await this.#claim.isHeld())) return;
      for (const key of keys) await this.#storage.delete(key);
    } catch {
      // The first failure is the one to tell.
      return;
    }
    await this.#claim.release();
  }

  async discard(): Promise<void> {
    if (this.#done) return;
    this.#done = true;
    await this.#file.discard();
    await this.#claim.release();
  }

  /** Only a bug can bring another snapshot's manifest here. */
  #checked(manifest: SnapshotManifest): SnapshotManifest {
    const [object] = manifest.objects;
    if (manifest.name !== this.name || object?.path !== snapshotFile || object.size !== this.#size) {
      throw new RangeError(`the manifest is not that of ${this.name} with ${this.#size} bytes`);
    }
    return SnapshotManifest.parse(manifest);
  }
}
