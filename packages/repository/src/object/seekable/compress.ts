import { constants, createZstdCompress } from 'node:zlib';
import { blocksOf } from '../blocks.ts';
import { inOrder } from '../in-order.ts';
import { type Lending, release } from '../lending.ts';
import { checksumBytes, measureFrame } from './frame.ts';
import { inOneTrip } from './one-trip.ts';
import { encodeSeekTable, type SeekEntry } from './seek-table.ts';

const MiB = 1024 * 1024;

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
  { frameBytes = MiB, level = 3, lend = false }: CompressOptions = {},
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

interface Frame {
  /** In memory for the largest frame that could have come. */
  readonly bytes: Uint8Array;
  readonly entry: SeekEntry;
}

async function compressFrame(plain: Uint8Array, level: number): Promise<Frame> {
  const most = mostBytes(plain.length);
  const zstd = createZstdCompress({
    chunkSize: most + 1,
    // With all input there is, a frame is ended, and so tells what it holds; and with room for all, nothing is copied.
    flush: constants.ZSTD_e_end,
    params: { [constants.ZSTD_c_compressionLevel]: level, [constants.ZSTD_c_checksumFlag]: 1 },
  });
  const bytes = await inOneTrip(zstd, plain, most);
  // Node has appended empty frames before (its issue 66078); in a seek table one entry is one frame.
  const { length, header } = measureFrame(bytes, 'a frame just made');
  if (length !== bytes.length || header.contentSize !== plain.length || !header.hasChecksum)
    throw new Error(`zstd made ${bytes.length} bytes with a frame of ${length} for ${plain.length}`);
  const checksum = bytes.readUInt32LE(length - checksumBytes);
  return { bytes, entry: { stored: length, plain: plain.length, checksum } };
}

/** Bytes of a frame at most (ZSTD_COMPRESSBOUND of zstd.h). */
function mostBytes(plain: number): number {
  return plain + (plain >> 8) + Math.max(0, (128 * 1024 - plain) >> 11) + 64;
}
