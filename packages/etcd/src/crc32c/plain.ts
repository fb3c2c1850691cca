import { slicingTables } from './table.ts';

const tables = slicingTables();

/** CRC-32C in plain JavaScript over `[from, to)`: for short input, and where WebAssembly is not to be had. */
export function plainCrc32c(bytes: Uint8Array, from: number, to: number, seed: number): number {
  const t = tables;
  let crc = ~seed;
  let i = from;
  for (; to - i >= 8; i += 8) {
    const low = crc ^ (bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24));
    crc =
      t[0x700 | (low & 0xff)]! ^
      t[0x600 | ((low >>> 8) & 0xff)]! ^
      t[0x500 | ((low >>> 16) & 0xff)]! ^
      t[0x400 | (low >>> 24)]! ^
      t[0x300 | bytes[i + 4]!]! ^
      t[0x200 | bytes[i + 5]!]! ^
      t[0x100 | bytes[i + 6]!]! ^
      t[bytes[i + 7]!]!;
  }
  for (; i < to; i++) crc = (crc >>> 8) ^ t[(crc ^ bytes[i]!) & 0xff]!;
  return ~crc >>> 0;
}
