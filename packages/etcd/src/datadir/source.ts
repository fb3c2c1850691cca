import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { Failure } from '@holdfast/base';
import { type ContentHashes, imageSize, trailerSize } from '../snapshot/index.ts';
import { copyStream, type SnapshotStream } from './copy-stream.ts';
import { copyHashed } from './copy.ts';

/** Where a snapshot comes from: a file on this machine, which is only read, or a stream. */
export type SnapshotSource = { readonly file: string } | SnapshotStream;

/** What is known of a snapshot before its content is read. */
interface SnapshotFacts {
  /** What messages call it. */
  readonly name: string;
  /** Bytes of the whole, and of the db in it; equal when there is no trailer, as in a db that was copied off a disk. */
  readonly size: number;
  readonly dbSize: number;
}

/** A snapshot file, open for reading. */
interface SnapshotFile extends SnapshotFacts {
  readonly file: FileHandle;
  /** The trailer in hexadecimal; undefined when there is none. */
  readonly trailer?: string;
}

/** A snapshot, open for one copy. */
export interface OpenSnapshot extends SnapshotFacts {
  /**
   * Writes the db to a file in one pass and hashes everything on the way. Told of: the bytes of the db so far.
   *
   * @throws Failure not-a-snapshot when it is shorter or longer than it was; StreamFault; the signal's reason
   */
  copyTo(target: FileHandle, signal: AbortSignal, onProgress: (done: number) => void): Promise<ContentHashes>;
  close(): Promise<void>;
}

/**
 * Opens a snapshot. Whether it is one shows when its bytes have been read.
 *
 * @throws Failure file-unreadable
 */
export async function openSnapshot(source: SnapshotSource): Promise<OpenSnapshot> {
  if (!('file' in source)) {
    const { name, size } = source;
    const copyTo: OpenSnapshot['copyTo'] = (...to) => copyStream(source, ...to);
    return { name, size, dbSize: imageSize(size), copyTo, close: async () => {} };
  }
  const { name, size, dbSize, file, trailer = null } = await openSnapshotFile(source.file);
  return {
    name,
    size,
    dbSize,
    copyTo: async (target, signal, onProgress) => {
      const order = { length: dbSize, size, name, signal, onProgress };
      const { copied, whole } = await copyHashed(file, target, order);
      return { image: copied, file: whole, trailer };
    },
    close: () => file.close(),
  };
}

/** @throws Failure file-unreadable */
async function openSnapshotFile(path: string): Promise<SnapshotFile> {
  let file: FileHandle | undefined;
  try {
    // A pipe that nobody writes to would be waited for, and no signal could end that.
    file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const stats = await file.stat();
    if (!stats.isFile()) throw new Error('it is not a regular file');
    const { size } = stats;
    const dbSize = imageSize(size);
    if (dbSize === size) return { name: path, file, size, dbSize };
    const trailer = Buffer.alloc(trailerSize);
    await file.read(trailer, 0, trailerSize, dbSize);
    return { name: path, file, size, dbSize, trailer: trailer.toString('hex') };
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
