import { type ContentHashes, ContentHasher } from '@holdfast/etcd/snapshot';
import type { Scratch } from './scratch.ts';

export interface FillOptions {
  readonly signal: AbortSignal;
  /** Told the bytes so far. */
  readonly onProgress?: (done: number) => void;
}

/**
 * Fills a scratch with what a stream gives and hashes it on the way. A chunk is written while the next one is made.
 *
 * @throws Failure disk-full, file-unwritable; the signal's reason; what the stream throws, as it is
 */
export async function fillScratch(
  scratch: Scratch,
  stream: AsyncIterable<Uint8Array>,
  { signal, onProgress }: FillOptions,
): Promise<ContentHashes> {
  const hasher = new ContentHasher();
  let writing: void | Promise<void> = undefined;
  try {
    for await (const chunk of stream) {
      signal.throwIfAborted();
      hasher.update(chunk);
      await writing;
      writing = scratch.write(chunk);
      onProgress?.(hasher.size);
    }
    await writing;
  } finally {
    await Promise.allSettled([writing]);
  }
  return hasher.end();
}
