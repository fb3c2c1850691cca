import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { Failure } from '@holdfast/base';
import { writeFully } from './write-file.ts';

const MiB = 1024 * 1024;

/**
 * Bytes of one block, and how many are under way at once: being read, hashed, written. All of them fit in a processor's
 * cache; with larger ones the kernel takes two to four times as long on a busy machine.
 */
const blockSize = MiB / 2;
const blocks = 4;

/** Bytes after which what is written so far is sent to the disk, so that the last fsync has little left to do. */
const syncEvery = 128 * MiB;

export interface CopyOptions {
  /** Bytes from the beginning of the source that are copied; those after them are only hashed. */
  readonly length: number;
  /** Bytes of the source. */
  readonly size: number;
  /** What failures call the source. */
  readonly name: string;
  readonly signal: AbortSignal;
  /** Told the bytes copied so far. */
  readonly onProgress: (done: number) => void;
}

/** SHA-256 digests in hexadecimal of the bytes copied, and of the whole source. */
export interface CopyDigests {
  readonly copied: string;
  readonly whole: string;
}

/**
 * Copies a file in one sequential pass. Each block is hashed in the very memory that it is written from, while the
 * kernel reads the next ones and writes the ones before: what the digest names is what the copy holds, whatever
 * becomes of the source meanwhile.
 *
 * @throws Failure not-a-snapshot when the source ends early; the signal's reason when it is aborted
 */
export async function copyHashed(
  source: FileHandle,
  target: FileHandle,
  { length, size, name, signal, onProgress }: CopyOptions,
): Promise<CopyDigests> {
  const hash = createHash('sha256');
  const memory = Array.from({ length: blocks }, () => Buffer.allocUnsafeSlow(blockSize));
  const writes: Promise<unknown>[] = [];
  let syncing: Promise<unknown> = Promise.resolve();
  const read = async (at: number): Promise<Buffer> => {
    const slot = (at / blockSize) % blocks;
    await writes[slot];
    const block = memory[slot]!.subarray(0, Math.min(blockSize, length - at));
    return readFully(source, name, block, at);
  };
  try {
    let next = read(0);
    for (let at = 0; at < length; at += blockSize) {
      const block = await next;
      signal.throwIfAborted();
      const write = writeFully(target, block, at);
      write.catch(() => {});
      writes[(at / blockSize) % blocks] = write;
      if (at + blockSize < length) {
        next = read(at + blockSize);
        next.catch(() => {});
      }
      hash.update(block);
      onProgress(at + block.length);
      if (at > 0 && at % syncEvery === 0) {
        await syncing;
        syncing = target.datasync();
        syncing.catch(() => {});
      }
    }
  } finally {
    await Promise.allSettled([...writes, syncing]);
  }
  await Promise.all([...writes, syncing]);
  const copied = hash.copy().digest('hex');
  const rest = await readFully(source, name, Buffer.alloc(size - length), length);
  return { copied, whole: hash.update(rest).digest('hex') };
}

async function readFully(source: FileHandle, name: string, block: Buffer, position: number): Promise<Buffer> {
  for (let done = 0; done < block.length;) {
    const { bytesRead } = await source.read(block, done, block.length - done, position + done);
    if (bytesRead === 0) {
      const why = `it has become shorter while it was read: it ends at byte ${position + done}`;
      throw new Failure('not-a-snapshot', why, { path: name });
    }
    done += bytesRead;
  }
  return block;
}
