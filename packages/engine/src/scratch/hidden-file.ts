import { randomBytes } from 'node:crypto';
import { closeSync, openSync, readSync, unlinkSync, write } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Failure } from '@holdfast/base';
import { release } from '@holdfast/repository/object';
import { CounterMode } from './counter-mode.ts';

const writeAt = promisify(write);

/**
 * A file that nobody else can open and that is gone when it is closed, or when the process ends in any way: it loses its
 * name before anything is in it. What it holds on the disk is encrypted with a key that only this object has.
 */
export class HiddenFile {
  readonly #folder: string;
  readonly #cipher = new CounterMode();
  #descriptor: number;
  #begun = 0;
  #size = 0;
  #writing: Promise<void> = Promise.resolve();

  /** @throws Failure file-unwritable, disk-full */
  constructor(folder: string) {
    this.#folder = folder;
    const path = join(folder, `holdfast-${randomBytes(8).toString('hex')}.scratch`);
    try {
      this.#descriptor = openSync(path, 'wx+', 0o600);
    } catch (error) {
      throw unwritable(error, folder);
    }
    try {
      unlinkSync(path);
    } catch (error) {
      closeSync(this.#descriptor);
      throw unwritable(error, folder);
    }
  }

  /** Bytes that can be read. */
  get size(): number {
    return this.#size;
  }

  /**
   * Appends bytes, which may be reused at once; they can be read when the promise is fulfilled.
   *
   * @throws Failure disk-full, file-unwritable
   */
  append(plain: Uint8Array): Promise<void> {
    const at = this.#begun;
    this.#begun += plain.length;
    const pieces = this.#cipher.encryptNext(plain);
    const writing = this.#writing.then(() => this.#write(pieces, at));
    writing.catch(() => {});
    return (this.#writing = writing);
  }

  async #write(pieces: readonly Buffer[], at: number): Promise<void> {
    let end = at;
    try {
      for (const piece of pieces) {
        for (let done = 0; done < piece.length;) {
          const { bytesWritten } = await writeAt(this.#descriptor, piece, done, piece.length - done, end);
          done += bytesWritten;
          end += bytesWritten;
        }
        release(piece);
      }
    } catch (error) {
      throw unwritable(error, this.#folder);
    }
    this.#size = end;
  }

  /**
   * Fills `target`, which lies within what can be read, from `position`.
   *
   * @throws Failure file-unreadable
   */
  read(target: Uint8Array, position: number): void {
    try {
      for (let done = 0; done < target.length;) {
        const got = readSync(this.#descriptor, target, done, target.length - done, position + done);
        if (got === 0) throw new Error(`the scratch file ends at byte ${position + done}`);
        done += got;
      }
    } catch (error) {
      throw new Failure(
        'file-unreadable',
        (error as Error).message,
        { path: this.#folder },
        { cause: error },
      );
    }
    this.#cipher.decrypt(target, position);
  }

  /** Gives its space back. Later reads throw. */
  async close(): Promise<void> {
    await this.#writing.catch(() => {});
    if (this.#descriptor < 0) return;
    closeSync(this.#descriptor);
    // Its number may become another file's.
    this.#descriptor = -1;
    this.#cipher.forget();
  }
}

function unwritable(error: unknown, folder: string): Failure {
  const { code, message } = error as NodeJS.ErrnoException;
  const failure = code === 'ENOSPC' || code === 'EDQUOT' ? 'disk-full' : 'file-unwritable';
  return new Failure(failure, message, { path: folder }, { cause: error });
}
