import { limits } from '@holdfast/base';
import type { ByteSource } from '@holdfast/etcd/bolt';
import { checkFreeSpace } from '@holdfast/etcd/datadir';
import { HiddenFile } from './hidden-file.ts';

/** Bytes of memory taken at a time. */
const blockBytes = 1024 * 1024;

export interface ScratchOptions {
  /** An existing folder for the file. */
  readonly folder: string;
  /** Bytes that will come, where that is known: whether there is room for them is seen at once then. */
  readonly size?: number;
  /** Bytes that are held in memory before a file is begun. */
  readonly memoryBytes?: number;
}

/** Bytes that are written once, in order, and read at any position; gone when it is disposed of. */
export interface Scratch extends AsyncDisposable {
  /** Bytes that can be read. */
  readonly size: number;
  /**
   * Appends bytes, which may be reused at once. They can be read when it has returned, or its promise is fulfilled.
   *
   * @throws Failure disk-full, file-unwritable
   */
  write(chunk: Uint8Array): void | Promise<void>;
  /** What can be read now, under a name for messages. Its `read` throws Failure file-unreadable; closing it does nothing. */
  source(name: string): ByteSource;
}

/**
 * Opens an empty scratch. A small one stays in memory; a larger one needs a folder that can be written to.
 *
 * @throws Failure not-enough-space, file-unwritable (a file system that is mounted read-only is one reason), disk-full
 */
export async function openScratch(options: ScratchOptions): Promise<Scratch> {
  const { folder, size = 0, memoryBytes = limits.scratchMemoryBytes } = options;
  const needsFile = size > memoryBytes;
  // What has a file anyway is all in there: the system's cache holds as much of it as there is room for.
  const scratch = new MemoryThenFile(folder, needsFile ? 0 : memoryBytes);
  if (needsFile) {
    scratch.beginFile();
    try {
      await checkFreeSpace(folder, size);
    } catch (error) {
      await scratch[Symbol.asyncDispose]();
      throw error;
    }
  }
  return scratch;
}

class MemoryThenFile implements Scratch {
  readonly #folder: string;
  readonly #memoryBytes: number;
  #blocks: Buffer[] = [];
  #inMemory = 0;
  #file: HiddenFile | undefined;

  constructor(folder: string, memoryBytes: number) {
    this.#folder = folder;
    this.#memoryBytes = memoryBytes;
  }

  get size(): number {
    return this.#inMemory + (this.#file?.size ?? 0);
  }

  beginFile(): HiddenFile {
    return (this.#file ??= new HiddenFile(this.#folder));
  }

  write(chunk: Uint8Array): void | Promise<void> {
    const kept = chunk.subarray(0, this.#memoryBytes - this.#inMemory);
    for (let done = 0; done < kept.length;) {
      const at = this.#inMemory % blockBytes;
      if (at === 0) this.#blocks.push(Buffer.allocUnsafeSlow(blockBytes));
      const part = kept.subarray(done, done + blockBytes - at);
      this.#blocks.at(-1)!.set(part, at);
      done += part.length;
      this.#inMemory += part.length;
    }
    if (kept.length < chunk.length) return this.beginFile().append(chunk.subarray(kept.length));
  }

  source(name: string): ByteSource {
    const { size } = this;
    return {
      name,
      size,
      read: (target, position) => {
        const wanted = target.subarray(0, Math.max(0, size - position));
        this.#read(wanted, position);
        return wanted.length;
      },
      close: () => {},
    };
  }

  #read(target: Uint8Array, position: number): void {
    let done = 0;
    for (let at = position; done < target.length && at < this.#inMemory;) {
      const block = this.#blocks[Math.floor(at / blockBytes)]!;
      const end = Math.min(blockBytes, this.#inMemory - (at - (at % blockBytes)));
      const part = block.subarray(at % blockBytes, end).subarray(0, target.length - done);
      target.set(part, done);
      done += part.length;
      at += part.length;
    }
    if (done < target.length) this.#file?.read(target.subarray(done), position + done - this.#inMemory);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#blocks = [];
    await this.#file?.close();
  }
}
