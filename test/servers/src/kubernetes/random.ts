/** Random numbers that depend on nothing but their seeds. */
export interface SeededRandom {
  /** From 0 up to, not including, 2 to the 32nd. */
  next(): number;
  /** A whole number from 0 up to, not including, `limit`. */
  below(limit: number): number;
  /** From 0 up to, not including, 1. */
  fraction(): number;
  pick<T>(from: readonly T[]): T;
  hex(digits: number): string;
  uuid(): string;
  bytes(length: number): Buffer;
}

/** Random numbers (sfc32) from whole-number seeds: the same seeds, the same numbers. */
export function seededRandom(...seeds: readonly number[]): SeededRandom {
  let a = 0x9e3779b9;
  let b = 0x243f6a88;
  let c = 0xb7e15162;
  let d = 1;
  function next(): number {
    const t = (((a + b) | 0) + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + t) | 0;
    return t >>> 0;
  }
  for (const seed of seeds) {
    a ^= seed | 0;
    b ^= Math.floor(seed / 2 ** 32) | 0;
    for (let i = 0; i < 12; i++) next();
  }
  const below = (limit: number): number => Math.floor((next() / 2 ** 32) * limit);
  function hex(digits: number): string {
    let text = '';
    while (text.length < digits) text += next().toString(16).padStart(8, '0');
    return text.slice(0, digits);
  }
  return {
    next,
    below,
    fraction: () => next() / 2 ** 32,
    pick<T>(from: readonly T[]): T {
      return from[below(from.length)] as T;
    },
    hex,
    uuid: () => `${hex(8)}-${hex(4)}-4${hex(3)}-a${hex(3)}-${hex(12)}`,
    bytes(length) {
      const words = new Uint32Array(Math.ceil(length / 4));
      for (let i = 0; i < words.length; i++) words[i] = next();
      return Buffer.from(words.buffer, 0, length);
    },
  };
}
