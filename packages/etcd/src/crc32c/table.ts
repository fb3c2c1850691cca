/**
 * CRC-32C (Castagnoli; RFC 3720 appendix B.4): reflected polynomial 0x82f63b78, initial value and final xor
 * 0xffffffff. All functions take and give the finished value, so 0 is the CRC of no bytes and a CRC continues.
 */
export const polynomial = 0x82f63b78;

/**
 * Eight tables of 256 entries, one after another: entry `256 * k + b` is what byte `b` contributes when `k` more
 * bytes follow it ("slicing-by-8").
 */
export function slicingTables(): Uint32Array {
  const tables = new Uint32Array(8 * 256);
  for (let byte = 0; byte < 256; byte++) {
    let value = byte;
    for (let bit = 0; bit < 8; bit++) value = (value >>> 1) ^ (value & 1 ? polynomial : 0);
    tables[byte] = value;
  }
  for (let i = 256; i < tables.length; i++) {
    const shorter = tables[i - 256]!;
    tables[i] = (shorter >>> 8) ^ tables[shorter & 0xff]!;
  }
  return tables;
}
