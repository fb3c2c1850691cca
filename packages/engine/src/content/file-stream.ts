import { createReadStream } from 'node:fs';
import { reading } from '@holdfast/repository';

/** Bytes that are read at once. */
const blockBytes = 1024 * 1024;

/** A file from its beginning to its end. @throws file-unreadable; the signal's reason */
export async function* fileStream(path: string, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
  const stream = createReadStream(path, { signal, highWaterMark: blockBytes });
  const blocks: AsyncIterator<Buffer> = stream[Symbol.asyncIterator]();
  try {
    for (;;) {
      const { done, value } = await reading(path, () => blocks.next()).catch((error: unknown) => {
        signal?.throwIfAborted();
        throw error;
      });
      if (done === true) return;
      yield value;
    }
  } finally {
    stream.destroy();
  }
}
