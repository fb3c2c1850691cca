import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { Failure } from '@holdfast/base';

/** A database image that can be read at any position: a file, or bytes fetched from elsewhere. Never written. */
export interface ByteSource {
  /** What messages call it; the path of a file. */
  readonly name: string;
  /** Bytes, fixed when the source was opened. */
  readonly size: number;
  /** Fills `target` from `position` as far as there are bytes and returns how many (fewer only at the end). */
  read(target: Uint8Array, position: number): number | Promise<number>;
  close(): void | Promise<void>;
  /** The open file behind it, if there is one: another thread of this process may read it until it is closed. */
  readonly descriptor?: number;
}

/** A source that answers at once. */
export interface FileSource extends ByteSource, Disposable {
  readonly descriptor: number;
  read(target: Uint8Array, position: number): number;
  close(): void;
}

/**
 * Opens a file for reading only.
 * @throws Failure file-unreadable, here and from `read`
 */
export function openFileSource(path: string): FileSource {
  const unreadable = (error: unknown) =>
    new Failure(
      'file-unreadable',
      error instanceof Error ? error.message : String(error),
      { path },
      { cause: error },
    );
  let file: number;
  let size: number;
  try {
    // A pipe that nobody writes to would be waited for, and no signal could end that.
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    throw unreadable(error);
  }
  try {
    const stats = fstatSync(file);
    if (!stats.isFile()) throw new Error('not a regular file');
    size = stats.size;
  } catch (error) {
    closeSync(file);
    throw unreadable(error);
  }
  return {
    name: path,
    descriptor: file,
    size,
    read(target, position) {
      const wanted = Math.max(0, Math.min(target.length, size - position));
      let done = 0;
      while (done < wanted) {
        let got: number;
        try {
          got = readSync(file, target, done, wanted - done, position + done);
        } catch (error) {
          throw unreadable(error);
        }
        if (got === 0) break;
        done += got;
      }
      return done;
    },
    close: () => closeSync(file),
    [Symbol.dispose]: () => closeSync(file),
  };
}
