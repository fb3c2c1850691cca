import { promisify } from 'node:util';
import { constants, zstdCompress } from 'node:zlib';
import { blocksOf } from '../blocks.ts';
import { inOrder } from '../in-order.ts';
import { checksumBytes, measureFrame } from './frame.ts';
import { encodeSeekTable, type SeekEntry } from './seek-table.ts';

const MiB = 1024 * 1024;
const compressed = promisify(zstdCompress);

/** How a stream is compressed; what is left out is as snapshots are stored. */
export interface CompressOptions {
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
  { frameBytes = MiB, level = 3 }: CompressOptions = {},
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
    yield bytes;
  }
  yield encodeSeekTable(entries);
}

interface Frame {
  readonly bytes: Uint8Array;
  readonly entry: SeekEntry;
}

async function compressFrame(plain: Uint8Array, level: number): Promise<Frame> {
  const bytes = await compressed(plain, {
    // Room for nearly every frame, so that it takes one trip to the thread; what does not fit takes more.
    chunkSize: (plain.length >> 1) + 1024,
    // Otherwise the frame would not tell what it holds.
    pledgedSrcSize: plain.length,
    params: { [constants.ZSTD_c_compressionLevel]: level, [constants.ZSTD_c_checksumFlag]: 1 },
  });
  // Node has appended empty frames before (its issue 66078); in a seek table one entry is one frame.
  const { length, header } = measureFrame(bytes, 'a frame just made');
  if (length !== bytes.length || header.contentSize !== plain.length || !header.hasChecksum)
    throw new Error(`zstd made ${bytes.length} bytes with a frame of ${length} for ${plain.length}`);
  const checksum = bytes.readUInt32LE(length - checksumBytes);
  return { bytes, entry: { stored: length, plain: plain.length, checksum } };
}
