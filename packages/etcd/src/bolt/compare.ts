/** The order of keys in a bucket: bytewise, a prefix first. Negative, 0 or positive, over ranges `[from, to)`. */
export function compareKeys(
  a: Uint8Array,
  aFrom: number,
  aTo: number,
  b: Uint8Array,
  bFrom: number,
  bTo: number,
): number {
  const shorter = Math.min(aTo - aFrom, bTo - bFrom);
  for (let i = 0; i < shorter; i++) {
    const difference = a[aFrom + i]! - b[bFrom + i]!;
    if (difference !== 0) return difference;
  }
  return aTo - aFrom - (bTo - bFrom);
}

/** As `compareKeys`, of whole arrays. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  return compareKeys(a, 0, a.length, b, 0, b.length);
}
