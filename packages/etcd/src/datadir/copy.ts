import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { Failure } from '@holdfast/base';
import { blockSize, quiet, SteadyWriter } from './steady-writer.ts';

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
 * kernel reads the next one: what the digest names is what the copy holds, whatever becomes of the source meanwhile.
 *
 * @throws Failure not-a-snapshot when the source ends early; the signal's reason when it is aborted
 */
export async function copyHashed(
  source: FileHandle,
  target: FileHandle,
  { length, size, name, signal, onProgress }: CopyOptions,
): Promise<CopyDigests> {
  const hash = createHash('sha256');
  const memory = [Buffer.allocUnsafeSlow(blockSize), Buffer.allocUnsafeSlow(blockSize)] as const;
  const read = (at: number): Promise<Buffer> => {
    const block = memory[(at / blockSize) % 2 === 0 ? 0 : 1];
    return quiet(readFully(source, name, block.subarray(0, Math.min(blockSize, length - at)), at));
  };
  let reading = read(0);
  const writer = new SteadyWriter(target);
  try {
    for (let at = 0; at < length; at += blockSize) {
      const block = await reading;
      await writer.idle();
      signal.throwIfAborted();
      writer.begin(block, at);
      if (at + blockSize < length) reading = read(at + blockSize);
      hash.update(block);
      onProgress(at + block.length);
    }
    await writer.end();
  } finally {
    await Promise.allSettled([reading, writer.end()]);
  }
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
