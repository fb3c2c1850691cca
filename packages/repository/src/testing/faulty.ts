import type { ByteRange, ObjectWriter, Storage, StoredObject } from '../storage/storage.ts';

const changes = ['put', 'create', 'write', 'sync', 'place', 'discard', 'delete', 'removeStale'] as const;
const questions = ['get', 'read', 'stat', 'list', 'isEmpty'] as const;

/** A method of Storage or of its writers. */
export type StorageStep = (typeof changes)[number] | (typeof questions)[number];

/** What is thrown in the place of every step after the death. */
export class Died extends Error {
  override readonly name = 'Died';
}

/** A storage whose faults are scripted: nothing is left to chance or time. */
export class FaultyStorage implements Storage {
  readonly location: string;
  /** Every change that was asked for, in order, e.g. `put clusters/…/cluster.json`. */
  readonly changes: string[] = [];
  readonly #inner: Storage;
  readonly #faults: { step: StorageStep; skip: number; error: Error; done: boolean }[] = [];
  #lastChange = Infinity;

  constructor(inner: Storage) {
    this.#inner = inner;
    this.location = inner.location;
  }

  /** The next call of `step` (after `skip` good ones) fails with `error` and does nothing. */
  failNext(step: StorageStep, error: Error, skip = 0): void {
    this.#faults.push({ step, skip, error, done: false });
  }

  /** The next call of `step` (after `skip` other ones) does all it should, and fails with `error` all the same. */
  loseAnswer(step: StorageStep, error: Error, skip = 0): void {
    this.#faults.push({ step, skip, error, done: true });
  }

  /** Only `count` more changes are made; then the process is as good as dead, its clearing up included. */
  dieAfter(count: number): void {
    this.#lastChange = this.changes.length + count;
  }

  put(key: string, content: Uint8Array): Promise<boolean> {
    return this.#step('put', key, () => this.#inner.put(key, content));
  }

  create(key: string, resume?: string): Promise<ObjectWriter> {
    return this.#step('create', key, async () => this.#watched(key, await this.#inner.create(key, resume)));
  }

  get(key: string, limit: number): Promise<Uint8Array | undefined> {
    return this.#step('get', key, () => this.#inner.get(key, limit));
  }

  async *read(key: string, range?: ByteRange): AsyncIterable<Uint8Array> {
    for await (const chunk of this.#inner.read(key, range)) {
      yield await this.#step('read', key, () => Promise.resolve(chunk));
    }
  }

  stat(key: string): Promise<StoredObject | undefined> {
    return this.#step('stat', key, () => this.#inner.stat(key));
  }

  async *list(folder: string, passOver?: Parameters<Storage['list']>[1]): AsyncIterable<StoredObject> {
    yield* await this.#step('list', folder, () => Promise.resolve(this.#inner.list(folder, passOver)));
  }

  delete(key: string): Promise<boolean> {
    return this.#step('delete', key, () => this.#inner.delete(key));
  }

  isEmpty(): Promise<boolean> {
    return this.#step('isEmpty', '', () => this.#inner.isEmpty());
  }

  removeStale(before: Date): Promise<number> {
    return this.#step('removeStale', '', () => this.#inner.removeStale(before));
  }

  localPath(key: string): string | undefined {
    return this.#inner.localPath(key);
  }

  #watched(key: string, writer: ObjectWriter): ObjectWriter {
    return {
      path: writer.path,
      resume: writer.resume,
      write: (chunk) => this.#step('write', key, async () => writer.write(chunk)),
      sync: () => this.#step('sync', key, () => writer.sync()),
      place: () => this.#step('place', key, () => writer.place()),
      discard: async () => {
        // Discarding never rejects, be it only that there is nobody left to do it.
        await this.#step('discard', key, () => writer.discard()).catch(() => undefined);
      },
    };
  }

  async #step<T>(step: StorageStep, key: string, act: () => Promise<T>): Promise<T> {
    if (this.changes.length >= this.#lastChange) throw new Died(`dead before ${step} ${key}`);
    if (changes.some((each) => each === step)) this.changes.push(`${step} ${key}`.trim());
    const fault = this.#faults.find((each) => each.step === step);
    if (fault === undefined) return act();
    fault.skip -= 1;
    if (fault.skip >= 0) return act();
    this.#faults.splice(this.#faults.indexOf(fault), 1);
    if (fault.done) await act();
    throw fault.error;
  }
}
