import type { FileHandle } from 'node:fs/promises';
import { type ContentHashes, ContentHasher, imageSize } from '../snapshot/index.ts';
import { notASnapshot } from './not-a-snapshot.ts';
import { blockSize, SteadyWriter } from './steady-writer.ts';

/** A snapshot as a stream of its plain bytes, in order, with the trailer at the end. */
export interface SnapshotStream {
  /** What messages call it. */
  readonly name: string;
  /** Bytes in all. */
  readonly size: number;
  /** Begins the stream, once at most. When the signal is aborted it ends with the signal's reason. */
  open(signal: AbortSignal): AsyncIterable<Uint8Array>;
}

/** What a stream has thrown, as its `cause`: not to be taken for a fault of the file that it is written to. */
export class StreamFault extends Error {
  override readonly name = 'StreamFault';
}

/**
 * Writes the db that a stream brings, without its trailer, in one pass: gathered into blocks, each hashed in the very
 * memory that it is written from, while the stream makes the next one.
 *
 * @throws Failure not-a-snapshot when more or less comes than was said; StreamFault; the signal's reason
 */
export async function copyStream(
  stream: SnapshotStream,
  target: FileHandle,
  signal: AbortSignal,
  onProgress: (done: number) => void,
): Promise<ContentHashes> {
  const { name, size } = stream;
  const length = imageSize(size);
  const hasher = new ContentHasher();
  const writer = new SteadyWriter(target);
  const memory = [Buffer.allocUnsafeSlow(blockSize), Buffer.allocUnsafeSlow(blockSize)] as const;
  let [block, at, filled] = [0, 0, 0];
  const flush = async () => {
    const bytes = memory[block]!.subarray(0, filled);
    hasher.update(bytes);
    await writer.idle();
    signal.throwIfAborted();
    const ofDb = bytes.subarray(0, Math.max(0, length - at));
    if (ofDb.length > 0) writer.begin(ofDb, at);
    at += filled;
    block = 1 - block;
    filled = 0;
    onProgress(Math.min(at, length));
  };
  try {
    for await (const chunk of chunksOf(stream, signal)) {
      signal.throwIfAborted();
      const come = at + filled + chunk.length;
      if (come > size) throw notASnapshot(name, `more comes than the ${size} bytes that it should have`);
      for (let done = 0; done < chunk.length;) {
        const part = chunk.subarray(done, done + blockSize - filled);
        memory[block]!.set(part, filled);
        done += part.length;
        filled += part.length;
        if (filled === blockSize) await flush();
      }
    }
    if (at + filled < size)
      throw notASnapshot(name, `it ends at byte ${at + filled}, and should have ${size}`);
    if (filled > 0) await flush();
    await writer.end();
  } finally {
    await writer.end().catch(() => {});
  }
  return hasher.end();
}

async function* chunksOf(stream: SnapshotStream, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  try {
    yield* stream.open(signal);
  } catch (error) {
    throw new StreamFault('the stream broke off', { cause: error });
  }
}
