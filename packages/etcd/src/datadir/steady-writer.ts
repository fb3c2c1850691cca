import type { FileHandle } from 'node:fs/promises';
import { limits } from '@holdfast/base';
import { writeFully } from './write-file.ts';

/**
 * Bytes of one block. Smaller ones cost more turns between threads (a sixth of the time at half the size); with larger
 * ones, which no longer fit in a processor's cache, the kernel takes two to four times as long on a busy machine.
 */
export const blockSize = 1024 * 1024;

/**
 * Writes a large file block by block. One write is under way at a time, since the kernel lets others spin for the file's
 * lock; what is written is pushed on to the disk all the while, so that the last fsync has little left to do.
 */
export class SteadyWriter {
  readonly #file: FileHandle;
  #writing: Promise<void> = Promise.resolve();
  #syncing: Promise<void> = Promise.resolve();
  #syncs = false;
  #unsynced = 0;

  constructor(file: FileHandle) {
    this.#file = file;
  }

  /** Waits for the block that is being written. */
  idle(): Promise<void> {
    return this.#writing;
  }

  /** Begins to write a block; to be called when idle. Until that is so again the block must stay as it is. */
  begin(block: Uint8Array, at: number): void {
    this.#writing = quiet(writeFully(this.#file, block, at));
    this.#unsynced += block.length;
    if (this.#syncs || this.#unsynced < limits.writebackBytes) return;
    this.#syncs = true;
    this.#unsynced = 0;
    // In one chain: a failure is told only once by the kernel, and must not be lost.
    this.#syncing = quiet(
      this.#syncing.then(() => this.#file.datasync()).then(() => void (this.#syncs = false)),
    );
  }

  /** Waits for everything that is under way; the last blocks are the caller's to sync. */
  async end(): Promise<void> {
    await Promise.allSettled([this.#writing, this.#syncing]);
    await this.#writing;
    await this.#syncing;
  }
}

/** A promise that is awaited later: that it failed is no news before then. */
export function quiet<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  return promise;
}
