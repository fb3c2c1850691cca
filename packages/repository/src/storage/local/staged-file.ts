import { closeSync, fsync, openSync, unlinkSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import type { ObjectWriter } from '../storage.ts';
import { isSystemError, writeFailure, writing } from './errors.ts';
import { makeFolder, syncFolder } from './folder.ts';
import { placeNew } from './placement.ts';

const syncFile = promisify(fsync);

/** How often a folder is made anew when one who deletes takes it away before the file is in it. */
const folderAttempts = 5;

/** A new file, for this user only, written under another name of the same file system until it is whole. */
export class StagedFile implements ObjectWriter {
  readonly path: string;
  readonly #final: string;
  #fd: number | undefined;
  #synced = false;

  /** Begins the file. The folder of `staged` must exist, that of `final` is made when it is placed. */
  constructor(staged: string, final: string) {
    this.path = staged;
    this.#final = final;
    try {
      this.#fd = openSync(staged, 'wx', 0o600);
    } catch (error) {
      throw writeFailure(error, final);
    }
  }

  /** Blocks until the kernel has the bytes, which is the fastest way to store a stream; removes the file on failure. */
  write(chunk: Uint8Array): void {
    this.#synced = false;
    try {
      for (let done = 0; done < chunk.length;) done += writeSync(this.#descriptor(), chunk, done);
    } catch (error) {
      this.#drop();
      throw writeFailure(error, this.#final);
    }
  }

  async sync(): Promise<void> {
    if (this.#synced) return;
    await this.#orDrop(async () => syncFile(this.#descriptor()));
    this.#synced = true;
  }

  async place(): Promise<boolean> {
    await this.sync();
    return this.#orDrop(async () => {
      const placed = await this.#placeInFolder();
      if (!placed) {
        this.#drop();
        return false;
      }
      this.#close();
      await syncFolder(dirname(this.#final));
      return true;
    });
  }

  discard(): Promise<void> {
    this.#drop();
    return Promise.resolve();
  }

  async #placeInFolder(): Promise<boolean> {
    for (let attempt = 1; ; attempt += 1) {
      await makeFolder(dirname(this.#final));
      try {
        return await placeNew(this.path, this.#final);
      } catch (error) {
        if (!isSystemError(error, 'ENOENT') || attempt === folderAttempts) throw error;
      }
    }
  }

  async #orDrop<T>(act: () => Promise<T>): Promise<T> {
    try {
      return await writing(this.#final, act);
    } catch (error) {
      this.#drop();
      throw error;
    }
  }

  #descriptor(): number {
    if (this.#fd === undefined) throw new Error(`${this.path} is no longer being written`);
    return this.#fd;
  }

  #close(): void {
    const fd = this.#fd;
    this.#fd = undefined;
    if (fd !== undefined) closeSync(fd);
  }

  /** Leaves nothing of an unplaced file; what cannot be removed now is removed as stale later. */
  #drop(): void {
    if (this.#fd === undefined) return;
    for (const act of [() => this.#close(), () => unlinkSync(this.path)]) {
      try {
        act();
      } catch {
        // Whoever drops a file has a failure of its own to tell.
      }
    }
  }
}
