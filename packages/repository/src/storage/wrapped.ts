import type { ByteRange, ObjectWriter, Storage, StoredObject } from './storage.ts';

/** A storage in front of another one, which passes everything on; what is made of it changes a few steps. */
export class WrappedStorage implements Storage {
  readonly location: string;
  protected readonly inner: Storage;

  constructor(inner: Storage) {
    this.inner = inner;
    this.location = inner.location;
  }

  put(key: string, content: Uint8Array): Promise<boolean> {
    return this.inner.put(key, content);
  }

  create(key: string, resume?: string): Promise<ObjectWriter> {
    return this.inner.create(key, resume);
  }

  get(key: string, limit: number): Promise<Uint8Array | undefined> {
    return this.inner.get(key, limit);
  }

  read(key: string, range?: ByteRange): AsyncIterable<Uint8Array> {
    return this.inner.read(key, range);
  }

  stat(key: string): Promise<StoredObject | undefined> {
    return this.inner.stat(key);
  }

  list(folder: string, passOver?: Parameters<Storage['list']>[1]): AsyncIterable<StoredObject> {
    return this.inner.list(folder, passOver);
  }

  delete(key: string): Promise<boolean> {
    return this.inner.delete(key);
  }

  isEmpty(): Promise<boolean> {
    return this.inner.isEmpty();
  }

  removeStale(before: Date): Promise<number> {
    return this.inner.removeStale(before);
  }

  localPath(key: string): string | undefined {
    return this.inner.localPath(key);
  }
}
