import type { Storage, StoredObject } from '../../storage/storage.ts';
import { WrappedStorage } from '../../storage/wrapped.ts';
import { thisProcess } from '../../holder.ts';

/**
 * A storage as it is seen from a machine of its own: claims and leases of this life are of this process, others of
 * machines into which nobody here can look. Its listings may lag.
 */
export class MaskedStorage extends WrappedStorage {
  /** Keys that were changed, with nothing of what was only read. */
  readonly touched: string[] = [];
  readonly #machine: string;
  readonly #lags: () => ((object: StoredObject) => boolean) | undefined;

  /** @param lags which objects a listing does not show yet */
  constructor(inner: Storage, machine: string, lags: () => ((object: StoredObject) => boolean) | undefined) {
    super(inner);
    this.#machine = machine;
    this.#lags = lags;
  }

  override put(key: string, content: Uint8Array): Promise<boolean> {
    this.touched.push(key);
    return this.inner.put(
      key,
      isHeld(key) ? renamed(content, thisProcess().machine, this.#machine) : content,
    );
  }

  override async get(key: string, limit: number): Promise<Uint8Array | undefined> {
    const content = await this.inner.get(key, limit);
    return content && isHeld(key) ? renamed(content, this.#machine, thisProcess().machine) : content;
  }

  override create(...args: Parameters<Storage['create']>): ReturnType<Storage['create']> {
    this.touched.push(args[0]);
    return this.inner.create(...args);
  }

  override delete(key: string): Promise<boolean> {
    this.touched.push(key);
    return this.inner.delete(key);
  }

  override async *list(...args: Parameters<Storage['list']>): AsyncIterable<StoredObject> {
    const hides = this.#lags();
    for await (const object of this.inner.list(...args)) if (hides?.(object) !== true) yield object;
  }
}

function isHeld(key: string): boolean {
  return /\/(?:claim-\d+|lease\/\d+)\.json$/.test(key);
}

function renamed(content: Uint8Array, from: string, to: string): Uint8Array {
  const text = Buffer.from(content).toString();
  return Buffer.from(text.replace(JSON.stringify(from), JSON.stringify(to)));
}
