import type { Clock } from '@holdfast/base';
import type { ByteRange, ObjectWriter, Storage, StoredObject } from '../storage.ts';
import { WrappedStorage } from '../wrapped.ts';
import { Slots } from './slots.ts';
import { TokenBucket } from './token-bucket.ts';

/** What a storage may use; what is not said is not limited. */
export interface StorageLimits {
  /** Bytes of content that are written; headers do not count. */
  readonly uploadPerSecond?: number;
  /** Bytes of content that are read; headers and listings do not count. */
  readonly downloadPerSecond?: number;
  /** Steps under way at once. A reader or writer takes a place only while it moves bytes, so none waits for itself. */
  readonly concurrency?: number;
}

/** A storage that is used no faster, and by no more at a time, than it should be. */
export class LimitedStorage extends WrappedStorage {
  readonly #up: TokenBucket | undefined;
  readonly #down: TokenBucket | undefined;
  readonly #slots: Slots | undefined;

  constructor(inner: Storage, limits: StorageLimits, clock: Clock) {
    super(inner);
    const { uploadPerSecond, downloadPerSecond, concurrency } = limits;
    this.#up = uploadPerSecond === undefined ? undefined : new TokenBucket(uploadPerSecond, clock);
    this.#down = downloadPerSecond === undefined ? undefined : new TokenBucket(downloadPerSecond, clock);
    this.#slots = concurrency === undefined ? undefined : new Slots(concurrency);
  }

  override async put(key: string, content: Uint8Array): Promise<boolean> {
    await this.#up?.take(content.length);
    return this.#step(() => this.inner.put(key, content));
  }

  override async create(key: string, resume?: string): Promise<ObjectWriter> {
    const writer = await this.#step(() => this.inner.create(key, resume));
    return {
      path: writer.path,
      resume: writer.resume,
      write: async (chunk) => {
        await this.#up?.take(chunk.length);
        await this.#step(async () => writer.write(chunk));
      },
      sync: () => this.#step(() => writer.sync()),
      place: () => this.#step(() => writer.place()),
      discard: () => this.#step(() => writer.discard()),
    };
  }

  override async get(key: string, limit: number): Promise<Uint8Array | undefined> {
    const content = await this.#step(() => this.inner.get(key, limit));
    await this.#down?.take(content?.length ?? 0);
    return content;
  }

  override async *read(key: string, range?: ByteRange): AsyncIterable<Uint8Array> {
    for await (const chunk of this.#stepwise(this.inner.read(key, range))) {
      await this.#down?.take(chunk.length);
      yield chunk;
    }
  }

  override stat(key: string): Promise<StoredObject | undefined> {
    return this.#step(() => this.inner.stat(key));
  }

  override list(folder: string, passOver?: Parameters<Storage['list']>[1]): AsyncIterable<StoredObject> {
    return this.#stepwise(this.inner.list(folder, passOver));
  }

  override delete(key: string): Promise<boolean> {
    return this.#step(() => this.inner.delete(key));
  }

  override isEmpty(): Promise<boolean> {
    return this.#step(() => this.inner.isEmpty());
  }

  override removeStale(before: Date): Promise<number> {
    return this.#step(() => this.inner.removeStale(before));
  }

  #step<T>(act: () => Promise<T>): Promise<T> {
    return this.#slots === undefined ? act() : this.#slots.run(act);
  }

  /** Each item is a step of its own: who reads may ask the storage other things in between. */
  async *#stepwise<T>(items: AsyncIterable<T>): AsyncGenerator<T> {
    const iterator = items[Symbol.asyncIterator]();
    try {
      for (;;) {
        const next = await this.#step(() => iterator.next());
        if (next.done === true) return;
        yield next.value;
      }
    } finally {
      await iterator.return?.();
    }
  }
}
