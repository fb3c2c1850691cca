import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { combineCrc32c, crc32c, crcArena, shiftCrc32c } from './index.ts';

/** The definition, bit by bit. */
function bitwise(bytes: Uint8Array, seed = 0): number {
  let crc = ~seed;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0);
  }
  return ~crc >>> 0;
}

const someBytes = fc.uint8Array({ maxLength: 3000 });
const seeds = fc.nat(0xffff_ffff);

describe('crc32c', () => {
  test('equals the published vectors of RFC 3720', () => {
    expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283);
    expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
    expect(crc32c(new Uint8Array(32).fill(0xff))).toBe(0x62a8ab43);
    expect(crc32c(Uint8Array.from({ length: 32 }, (_, i) => i))).toBe(0x46dd794e);
    expect(crc32c(new Uint8Array(0), 0x12345678)).toBe(0x12345678);
  });

  test.each([false, true])('equals the definition at any offset, length and seed (plain: %s)', (plain) => {
    const arena = crcArena(8192, plain);
    fc.assert(
      fc.property(someBytes, seeds, fc.nat(64), (bytes, seed, from) => {
        arena.bytes.set(bytes, from);
        expect(arena.crc(from, from + bytes.length, seed)).toBe(bitwise(bytes, seed));
        expect(crc32c(bytes, seed)).toBe(bitwise(bytes, seed));
      }),
    );
  });

  test('continues over input larger than its arena', () => {
    const bytes = Uint8Array.from({ length: 600_001 }, (_, i) => (i * 31) >>> 3);
    expect(crc32c(bytes)).toBe(bitwise(bytes));
    expect(crc32c(bytes.subarray(300_000), crc32c(bytes.subarray(0, 300_000)))).toBe(bitwise(bytes));
  });
});

describe('combineCrc32c', () => {
  test('joins the CRCs of two stretches', () => {
    fc.assert(
      fc.property(someBytes, someBytes, (a, b) => {
        expect(combineCrc32c(crc32c(a), crc32c(b), b.length)).toBe(crc32c(Buffer.concat([a, b])));
      }),
    );
  });

  test('shifts in steps as in one, beyond 512 MiB and 4 GiB too', () => {
    fc.assert(
      fc.property(seeds, fc.nat(2 ** 40), fc.nat(2 ** 40), (crc, m, n) => {
        expect(shiftCrc32c(shiftCrc32c(crc, m), n)).toBe(shiftCrc32c(crc, m + n));
      }),
    );
  });

  test('shifts by 520 MiB as 520 MiB of zeros do', () => {
    const zeros = new Uint8Array(1 << 20);
    let [crc, other] = [0, 0xdeadbeef];
    for (let i = 0; i < 520; i++) [crc, other] = [crc32c(zeros, crc), crc32c(zeros, other)];
    expect(shiftCrc32c(0xdeadbeef, 520 * 2 ** 20) >>> 0).toBe((crc ^ other) >>> 0);
  });
});
