import { isFailure } from '@holdfast/base';
import type { ObjectWriter, Storage, StoredObject } from '../storage.ts';
import { WrappedStorage } from '../wrapped.ts';
import type { Retry } from './retry.ts';

/**
 * A storage whose failed steps are tried again (`isRetryable`). A step whose success was not heard of counts once: what
 * is found under the key is compared.
 *
 * What consists of many requests (the bytes of an object, a listing, the parts of a large object on its way in) is not
 * begun again from here: only the storage below knows how to go on where it was, and does so by itself.
 */
export class RetryingStorage extends WrappedStorage {
  readonly #retry: Retry;

  constructor(inner: Storage, retry: Retry) {
    super(inner);
    this.#retry = retry;
  }

  /** Writers whose contents are equal may all be told that they won, where an answer was lost. */
  override put(key: string, content: Uint8Array): Promise<boolean> {
    return this.#retry.run(async (attempt) => {
      if (await this.inner.put(key, content)) return true;
      return attempt > 1 && this.#holds(key, content);
    });
  }

  override async create(key: string, resume?: string): Promise<ObjectWriter> {
    const writer = await this.#retry.run(() => this.inner.create(key, resume));
    return {
      path: writer.path,
      resume: writer.resume,
      write: (chunk) => writer.write(chunk),
      sync: () => writer.sync(),
      place: () => this.#retry.run(() => writer.place()),
      discard: () => writer.discard(),
    };
  }

  override get(key: string, limit: number): Promise<Uint8Array | undefined> {
    return this.#retry.run(() => this.inner.get(key, limit));
  }

  override stat(key: string): Promise<StoredObject | undefined> {
    return this.#retry.run(() => this.inner.stat(key));
  }

  /** After a failure nobody can tell who removed an object that is gone: then it counts as removed by this one. */
  override delete(key: string): Promise<boolean> {
    return this.#retry.run(async (attempt) => (await this.inner.delete(key)) || attempt > 1);
  }

  override isEmpty(): Promise<boolean> {
    return this.#retry.run(() => this.inner.isEmpty());
  }

  override removeStale(before: Date): Promise<number> {
    return this.#retry.run(() => this.inner.removeStale(before));
  }

  async #holds(key: string, content: Uint8Array): Promise<boolean> {
    try {
      const found = await this.inner.get(key, content.length);
      return found !== undefined && Buffer.from(content).equals(found);
    } catch (error) {
      if (isFailure(error, 'manifest-damaged')) return false;
      throw error;
    }
  }
}
