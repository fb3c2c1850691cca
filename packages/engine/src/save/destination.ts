import { isFailure, type Failure } from '@holdfast/base';
import type { ClusterRecord } from '@holdfast/model';
import type { ObjectWriter, Repository, SnapshotEntry, SnapshotWriter } from '@holdfast/repository';
import { orAborted } from '../or-aborted.ts';
import type { StoredAs } from './stored-as.ts';

/** A repository that a save is to be put in. */
export interface SaveDestination {
  /** As `--repo` takes it. */
  readonly name: string;
  /** Where that is: a folder, or the server and the bucket. What waits for it is not written anywhere else. */
  readonly at?: string;
  /** Opened, or why it could not be. */
  readonly repository: Repository | Failure;
  /** Whether the save has failed when it is not put here; else it is a best effort. */
  readonly required: boolean;
  /** Whether the copy here goes once all other required ones are stored and read back. */
  readonly dropLocal?: boolean;
}

/** What became of a save in one repository. */
export interface DestinationResult {
  readonly name: string;
  readonly required: boolean;
  /** `dropped`: it was stored, and removed as `dropLocal` asks. */
  readonly outcome: 'stored' | 'failed' | 'dropped';
  /** As it is there now; null unless it is stored. */
  readonly snapshot: SnapshotEntry | null;
  /** Why it failed. */
  readonly failure: Failure | null;
  /** Whether the durable queue will try again. */
  readonly queued: boolean;
}

/** The bytes of an object as they are stored. */
export interface StoredBytes {
  readonly size: number;
  readonly sha256: string;
}

/** A save on its way into one repository, apart from all others: what fails here is noted and stops nobody else. */
export class Delivery {
  readonly destination: SaveDestination;
  readonly repository: Repository;
  readonly as: StoredAs;
  readonly cluster: ClusterRecord;
  readonly writer: SnapshotWriter;
  readonly #signal: AbortSignal;
  #object: ObjectWriter | undefined;
  #failure: Failure | undefined;
  /** The snapshot, once it is committed, with the evidence that was recorded of it since. */
  stored: SnapshotEntry | undefined;

  constructor(
    place: {
      readonly destination: SaveDestination;
      readonly repository: Repository;
      readonly as: StoredAs;
      readonly cluster: ClusterRecord;
    },
    writer: SnapshotWriter,
    signal: AbortSignal,
  ) {
    this.destination = place.destination;
    this.repository = place.repository;
    this.as = place.as;
    this.cluster = place.cluster;
    this.writer = writer;
    this.#signal = signal;
  }

  get committed(): boolean {
    return this.stored !== undefined;
  }

  get failure(): Failure | undefined {
    return this.#failure;
  }

  /** The unfinished object as a file of this machine; undefined where there is none. */
  get path(): string | undefined {
    return this.#object?.path;
  }

  /** Begins the object of the snapshot, anew where it was begun. */
  async begin(): Promise<void> {
    await this.#object?.discard();
    this.#object = await this.writer.begin({ role: 'snapshot', encoding: this.as.encoding });
  }

  /** @throws disk-full, file-unwritable, what storages throw */
  write(block: Uint8Array): void | Promise<void> {
    const writing = this.#begun().write(block);
    return writing === undefined ? undefined : orAborted(writing, this.#signal);
  }

  /** @throws as `write` */
  sync(): Promise<void> {
    return this.#begun().sync();
  }

  /**
   * Does a part of the delivery; a failure of it ends the delivery and is noted. Undefined once it has failed. What
   * places or commits is never left alone when it takes long: it could come true after it was taken back.
   *
   * @throws what is no Failure; the signal's reason when it is aborted
   */
  async attempt<T>(act: () => Promise<T> | T): Promise<T | undefined> {
    if (this.#failure !== undefined) return undefined;
    try {
      return await act();
    } catch (error) {
      if (this.#signal.aborted || !isFailure(error)) throw error;
      await this.fail(error);
      return undefined;
    }
  }

  /** Notes the failure and leaves nothing of it. */
  async fail(failure: Failure): Promise<void> {
    this.#failure ??= failure;
    await this.writer.discard();
  }

  #begun(): ObjectWriter {
    if (this.#object === undefined) throw new Error(`${this.destination.name}: nothing was begun`);
    return this.#object;
  }
}
