import { type CrcArena, crcArena } from './arena.ts';
import { plainCrc32c } from './plain.ts';

export { type CrcArena, crcArena } from './arena.ts';
export { combineCrc32c, shiftCrc32c } from './combine.ts';

/** Bytes from which the copy into WebAssembly memory pays. */
const worthCopying = 1024;
const arenaSize = 256 * 1024;

let arena: CrcArena | undefined;

/** The CRC-32C of `bytes`, continuing from the CRC `seed` of what came before them. */
export function crc32c(bytes: Uint8Array, seed = 0): number {
  if (bytes.length < worthCopying) return plainCrc32c(bytes, 0, bytes.length, seed);
  arena ??= crcArena(arenaSize);
  let crc = seed;
  for (let at = 0; at < bytes.length; at += arenaSize) {
    const part = bytes.subarray(at, at + arenaSize);
    arena.bytes.set(part);
    crc = arena.crc(0, part.length, crc);
  }
  return crc;
}
