import { polynomial } from './table.ts';

/** The product of two polynomials modulo CRC-32C's, bit 31 being the lowest power (Mark Adler's `multmodp` of zlib). */
function multiply(a: number, b: number): number {
  let product = 0;
  let factor = b;
  for (let mask = 0x8000_0000; mask !== 0; mask >>>= 1) {
    if ((a & mask) !== 0) product ^= factor;
    factor = (factor & 1) !== 0 ? (factor >>> 1) ^ polynomial : factor >>> 1;
  }
  return product >>> 0;
}

/**
 * Entry k is x^(8 * 2^k): what multiplies a CRC when 2^k bytes follow. One entry for each bit of a length: the powers
 * do not repeat after 32 as they do for CRC-32, because the order of x is 2^31 - 1 here.
 */
const powers: readonly number[] = (() => {
  const list = [0x0080_0000];
  while (list.length < 64) list.push(multiply(list.at(-1)!, list.at(-1)!));
  return list;
})();

/**
 * What the difference (xor) of two CRCs becomes when the same `length` bytes follow both.
 * @param length bytes, below 2^53
 */
export function shiftCrc32c(difference: number, length: number): number {
  let shifted = difference;
  for (let k = 0, rest = length; rest > 0; k++, rest = Math.floor(rest / 2))
    if (rest % 2 === 1) shifted = multiply(powers[k]!, shifted);
  return shifted >>> 0;
}

/** The CRC of two stretches joined, from the CRC of each (both from seed 0) and the length of the second. */
export function combineCrc32c(first: number, second: number, secondLength: number): number {
  return (shiftCrc32c(first, secondLength) ^ second) >>> 0;
}
