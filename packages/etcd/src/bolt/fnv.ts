const mask64 = (1n << 64n) - 1n;

/** FNV-1a, 64 bits (draft-eastlake-fnv): the checksum of a bbolt meta page. */
export function fnv1a64(bytes: Uint8Array): bigint {
  let hash = 0xcbf29ce484222325n;
  for (const byte of bytes) hash = ((hash ^ BigInt(byte)) * 0x100000001b3n) & mask64;
  return hash;
}
