import { pipeline } from 'node:stream/promises';
import { createZstdDecompress } from 'node:zlib';
import { limits } from '@holdfast/base';
import { damaged } from '../source.ts';
import { inOneTrip } from './one-trip.ts';

/**
 * Decompresses one frame that is there whole and says how much it holds.
 *
 * @returns alone in its memory
 * @throws object-damaged when it is damaged, or holds another number of bytes
 */
export async function expandWhole(frame: Uint8Array, length: number, name: string): Promise<Uint8Array> {
  // Room for one byte more than may come: when it is full, zstd has not come to the end.
  const zstd = createZstdDecompress({ chunkSize: Math.max(length + 1, 64) });
  let plain: Uint8Array;
  try {
    plain = await inOneTrip(zstd, frame, length);
  } catch (error) {
    throw asDamage(error, name);
  }
  if (plain.length === length && zstd.bytesWritten === frame.length) return plain;
  throw damaged(name, `a zstd frame holds ${plain.length < length ? 'less' : 'more'} than it says`);
}

/** Decompresses one frame of any size as it comes. @throws object-damaged when it is damaged */
export async function* expandStream(
  frame: AsyncIterable<Uint8Array>,
  name: string,
): AsyncGenerator<Uint8Array> {
  const zstd = createZstdDecompress({ chunkSize: limits.expandBlockBytes });
  const feeding = pipeline(frame, zstd);
  feeding.catch(() => undefined);
  try {
    for await (const plain of zstd) yield plain as Uint8Array;
    await feeding;
  } catch (error) {
    throw asDamage(error, name);
  } finally {
    zstd.destroy();
    await feeding.catch(() => undefined);
  }
}

/** What zstd says of its input is damage; every other error is its thrower's. */
function asDamage(error: unknown, name: string): unknown {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (!/^ZSTD_|^ERR_ZSTD|^ERR_BUFFER_TOO_LARGE$|^Z_BUF_ERROR$/.test(code)) return error;
  return damaged(name, `a zstd frame is damaged (${(error as Error).message})`);
}
