const longestVarint = 10;

/** A varint that was read: its value, rounded above 2^53, and where it ended. */
export interface Varint {
  readonly value: number;
  readonly end: number;
}

/** The varint at `at`, or null when it does not end before `to`. */
export function varintAt(bytes: Uint8Array, at: number, to: number): Varint | null {
  const last = Math.min(to, at + longestVarint);
  let value = 0;
  let scale = 1;
  for (let i = at; i < last; i++) {
    const byte = bytes[i]!;
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) return { value, end: i + 1 };
    scale *= 128;
  }
  return null;
}
