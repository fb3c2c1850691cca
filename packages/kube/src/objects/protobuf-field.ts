/** Bytes of a varint at most. */
const longestVarint = 10;

/** The number at `at` and where it ends; undefined where it does not end. Numbers above 2^53 are rounded. */
function varint(bytes: Uint8Array, at: number): readonly [value: number, end: number] | undefined {
  let value = 0;
  for (let i = at; i < Math.min(bytes.length, at + longestVarint); i += 1) {
    value += (bytes[i]! & 0x7f) * 2 ** (7 * (i - at));
    if (bytes[i]! < 0x80) return [value, i + 1];
  }
  return undefined;
}

/** Where the content of a field that begins at `at`, behind its tag, begins and ends, by its wire type. */
function extent(
  bytes: Uint8Array,
  at: number,
  wireType: number,
): readonly [from: number, to: number] | undefined {
  if (wireType === 1 || wireType === 5) return [at, at + (wireType === 1 ? 8 : 4)];
  const number = varint(bytes, at);
  if (number === undefined || (wireType !== 0 && wireType !== 2)) return undefined;
  return wireType === 0 ? [at, number[1]] : [number[1], number[1] + number[0]];
}

/**
 * Every field `id` of a protobuf message that has a length (texts, bytes, messages), as views in their order; undefined
 * where the message is damaged. Never throws.
 */
export function lengthFields(message: Uint8Array, id: number): Uint8Array[] | undefined {
  const found: Uint8Array[] = [];
  for (let at = 0; at < message.length;) {
    const tag = varint(message, at);
    const place = tag === undefined ? undefined : extent(message, tag[1], tag[0] % 8);
    if (tag === undefined || place === undefined || place[1] > message.length) return undefined;
    if (tag[0] === id * 8 + 2) found.push(message.subarray(...place));
    [, at] = place;
  }
  return found;
}

/** The last field that a path of ids leads to, each one message deeper; undefined where there is none. */
export function fieldAt(message: Uint8Array, path: readonly number[]): Uint8Array | undefined {
  return path.reduce<Uint8Array | undefined>(
    (inside, id) => (inside === undefined ? undefined : lengthFields(inside, id)?.at(-1)),
    message,
  );
}
