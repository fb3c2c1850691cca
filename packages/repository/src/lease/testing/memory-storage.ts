import { Failure, type Clock } from '@holdfast/base';
import { checkKey } from '../../storage/key.ts';
import type { ByteRange, ObjectWriter, Storage, StoredObject } from '../../storage/storage.ts';

interface Held {
  readonly content: Buffer;
  readonly modifiedAt: Date;
}

/** A storage that is a map: each step happens at once when it is called. It passes the suite of all storages. */
export class MemoryStorage implements Storage {
  readonly location = 'memory';
  readonly #clock: Pick<Clock, 'now'>;
  readonly #objects = new Map<string, Held>();
  readonly #unplaced = new Map<object, Date>();

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock;
  }

  async put(key: string, content: Uint8Array): Promise<boolean> {
    if (this.#objects.has(checkKey(key))) return false;
    this.#objects.set(key, { content: Buffer.from(content), modifiedAt: this.#clock.now() });
    return true;
  }

  async create(key: string): Promise<ObjectWriter> {
    checkKey(key);
    const chunks: Buffer[] = [];
    const touch = (): unknown => this.#unplaced.set(chunks, this.#clock.now());
    touch();
    return {
      path: undefined,
      write: (chunk) => {
        chunks.push(Buffer.from(chunk));
        touch();
      },
      sync: async () => undefined,
      place: async () => {
        if (!this.#unplaced.delete(chunks)) throw new Failure('file-unwritable', 'it is gone', { path: key });
        return this.put(key, Buffer.concat(chunks));
      },
      discard: async () => void this.#unplaced.delete(chunks),
    };
  }

  async get(key: string, limit: number): Promise<Uint8Array | undefined> {
    const content = this.#objects.get(checkKey(key))?.content;
    if (content === undefined || content.length <= limit) return content && Buffer.from(content);
    throw new Failure('manifest-damaged', `it has ${content.length} bytes`, { path: key });
  }

  async *read(key: string, range?: ByteRange): AsyncIterable<Uint8Array> {
    const held = this.#objects.get(checkKey(key));
    if (held === undefined) throw new Failure('file-unreadable', 'there is none', { path: key });
    yield Buffer.from(held.content.subarray(range?.start ?? 0, range?.end));
  }

  async stat(key: string): Promise<StoredObject | undefined> {
    const held = this.#objects.get(checkKey(key));
    return held && { key, size: held.content.length, modifiedAt: held.modifiedAt };
  }

  async *list(folder: string): AsyncIterable<StoredObject> {
    const keys = [...this.#objects.keys()].filter((key) => folder === '' || key.startsWith(`${folder}/`));
    for (const key of keys.sort()) {
      const object = await this.stat(key);
      if (object !== undefined) yield object;
    }
  }

  async delete(key: string): Promise<boolean> {
    return this.#objects.delete(checkKey(key));
  }

  async isEmpty(): Promise<boolean> {
    return this.#objects.size + this.#unplaced.size === 0;
  }

  async removeStale(before: Date): Promise<number> {
    const stale = [...this.#unplaced].filter(([, touched]) => touched < before);
    for (const [chunks] of stale) this.#unplaced.delete(chunks);
    return stale.length;
  }

  localPath(key: string): undefined {
    checkKey(key);
    return undefined;
  }
}
