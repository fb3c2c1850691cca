import { blocksOf } from '../blocks.ts';
import { inOrder } from '../in-order.ts';
import { type Lending, release } from '../lending.ts';
import { compressFrame, type Frame, snapshotFrameBytes, snapshotLevel } from './compress-frame.ts';
import { encodeSeekTable, type SeekEntry } from './seek-table.ts';

/** How a stream is compressed; what is left out is as snapshots are stored. */
export interface CompressOptions extends Lending {
  /** Plain bytes of a frame, at most 64 MiB; 1 MiB: 4 MiB save another hundredth and make every read of a page dearer. */
  readonly frameBytes?: number;
  /** zstd's level; 3. */
  readonly level?: number;
}

/**
 * Compresses a stream into zstd's seekable format: one standard frame with a checksum for every MiB, several at once, then
 * the seek table. An empty stream has only the table.
 *
 * @returns the stored bytes: one chunk for each frame, one for the table
 */
export async function* compressSeekable(
  plain: AsyncIterable<Uint8Array>,
  { frameBytes = snapshotFrameBytes, level = snapshotLevel, lend = false }: CompressOptions = {},
): AsyncGenerator<Uint8Array> {
  const entries: SeekEntry[] = [];
  async function* work(): AsyncGenerator<() => Promise<Frame>> {
    for await (const block of blocksOf(plain, frameBytes)) {
      yield async () => {
        const frame = await compressFrame(block.bytes, level);
        block.free();
        return frame;
      };
    }
  }
  for await (const { bytes, entry } of inOrder(work())) {
    entries.push(entry);
    yield lend ? bytes : Buffer.from(bytes);
    release(bytes);
  }
  yield encodeSeekTable(entries);
}
