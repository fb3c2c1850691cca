import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { Failure } from '@holdfast/base';
import { imageSize, trailerSize } from '../snapshot/index.ts';

/** A snapshot file, open for reading. */
export interface SnapshotFile {
  readonly file: FileHandle;
  /** Bytes of the file, and of the db in it. */
  readonly size: number;
  readonly dbSize: number;
  /** The trailer in hexadecimal; undefined for a db that was copied off a disk. */
  readonly trailer?: string;
}

/**
 * Opens a snapshot. Whether it is one shows when its bytes have been read.
 *
 * @throws Failure file-unreadable
 */
export async function openSnapshotFile(path: string): Promise<SnapshotFile> {
  let file: FileHandle | undefined;
  try {
    // A pipe that nobody writes to would be waited for, and no signal could end that.
    file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const stats = await file.stat();
    if (!stats.isFile()) throw new Error('it is not a regular file');
    const { size } = stats;
    const dbSize = imageSize(size);
    if (dbSize === size) return { file, size, dbSize };
    const trailer = Buffer.alloc(trailerSize);
    await file.read(trailer, 0, trailerSize, dbSize);
    return { file, size, dbSize, trailer: trailer.toString('hex') };
  } catch (error) {
    await file?.close();
    throw new Failure('file-unreadable', (error as Error).message, { path }, { cause: error });
  }
}

/**
 * The SHA-256 of a snapshot's db in hexadecimal: as its trailer has it, unchecked; of a file without one, computed.
 *
 * @throws Failure file-unreadable
 */
export async function contentSha256(path: string): Promise<string> {
  const { file, trailer } = await openSnapshotFile(path);
  try {
    if (trailer !== undefined) return trailer;
    const hash = createHash('sha256');
    for await (const block of file.createReadStream({ autoClose: false })) hash.update(block as Buffer);
    return hash.digest('hex');
  } finally {
    await file.close();
  }
}

/** The file at `path` is no snapshot, or not a whole one. */
export function notASnapshot(path: string, why: string): Failure {
  return new Failure('not-a-snapshot', why, { path });
}
