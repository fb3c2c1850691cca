import { createReadStream } from 'node:fs';
import { reading } from '@holdfast/repository';
import type { ArtefactSource } from '../node.ts';

/** Bytes that are read at once. */
const blockBytes = 1024 * 1024;

/** A snapshot that lies in a file of the leader's machine. Reading throws file-unreadable. */
export function fileArtefact({
  path,
  sha256,
  size,
}: {
  path: string;
  sha256: string;
  size: number;
}): ArtefactSource {
  return {
    sha256,
    size,
    open: async function* (signal) {
      const stream = createReadStream(path, { signal, highWaterMark: blockBytes });
      const blocks: AsyncIterator<Buffer> = stream[Symbol.asyncIterator]();
      try {
        for (;;) {
          const { done, value } = await reading(path, () => blocks.next());
          if (done === true) return;
          yield value;
        }
      } finally {
        stream.destroy();
      }
    },
  };
}
