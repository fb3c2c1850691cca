import { constants, createZstdCompress } from 'node:zlib';
import { checksumBytes, measureFrame } from './frame.ts';
import { inOneTrip } from './one-trip.ts';
import type { SeekEntry } from './seek-table.ts';

/** Plain bytes of a frame of a snapshot: 4 MiB would save another hundredth and make every read of a page dearer. */
export const snapshotFrameBytes = 1024 * 1024;
/** The level at which zstd compresses snapshots. */
export const snapshotLevel = 3;

/** A frame, and what the seek table says of it. */
export interface Frame {
  /** In memory for the largest frame that could have come. */
  readonly bytes: Uint8Array;
  readonly entry: SeekEntry;
}

/** Compresses a block into a standard frame with a checksum, on another thread. */
export async function compressFrame(plain: Uint8Array, level: number): Promise<Frame> {
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
