import { plainCrc32c } from './plain.ts';

/** The CRC-32C of `bytes`, continuing from the CRC `seed` of what came before them. */
export function crc32c(bytes: Uint8Array, seed = 0): number {
  return plainCrc32c(bytes, 0, bytes.length, seed);
}
