import type { CrcArena } from '../crc32c/index.ts';
import { compareKeys } from './compare.ts';
import { u32 } from './little-endian.ts';
import { bucketElementFlag, elementSize, type Entry, pageHeaderSize } from './page.ts';

/** A leaf in an arena, its element table known to fit, and the keys that it may hold: null where unbounded. */
export interface Leaf {
  /** The page, 0 for an inline one. */
  readonly page: number;
  readonly at: number;
  readonly size: number;
  readonly count: number;
  readonly min: Uint8Array | null;
  readonly max: Uint8Array | null;
}

/**
 * Neighbouring elements of a leaf, checked: their bytes lie within the page, key value key value without a gap from
 * `from` to `to`. bbolt leaves no gaps, so this is a whole leaf.
 */
export interface Stretch {
  readonly arena: CrcArena;
  readonly leaf: Leaf;
  /** Index in the leaf of the first element. */
  readonly first: number;
  readonly count: number;
  /** Where the first element's header is; the others follow at `elementSize`. */
  readonly elements: number;
  readonly from: number;
  readonly to: number;
}

/** The elements of a stretch with their index in the leaf; views that live as long as it. For small buckets. */
export function* stretchEntries({ arena, elements, first, count }: Stretch): Generator<[number, Entry]> {
  const { bytes } = arena;
  for (let i = 0; i < count; i++) {
    const at = elements + i * elementSize;
    const key = at + u32(bytes, at + 4);
    const value = key + u32(bytes, at + 8);
    yield [
      first + i,
      { key: bytes.subarray(key, value), value: bytes.subarray(value, value + u32(bytes, at + 12)) },
    ];
  }
}

/** Takes the stretches of a bucket in key order. What it is given is overwritten after it returns. */
export type Visit = (stretch: Stretch) => void;

/**
 * Checks a leaf and hands it to `visit`, up to the first element that points astray.
 * @param flags what each element's flags have to be: those of a bucket or none
 * @returns what is wrong, and the index of the element; null when nothing is
 */
export function checkLeaf(arena: CrcArena, leaf: Leaf, flags: number, visit: Visit): [number, string] | null {
  const { bytes } = arena;
  const { count, min, max } = leaf;
  const elements = leaf.at + pageHeaderSize;
  const data = elements + count * elementSize;
  const end = leaf.at + leaf.size;
  let [first, from, previousFrom, previousTo, next] = [0, data, 0, 0, data];
  const flush = (to: number) =>
    visit({
      arena,
      leaf,
      first,
      count: to - first,
      elements: elements + first * elementSize,
      from,
      to: next,
    });
  for (let i = 0; i < count; i++) {
    const at = elements + i * elementSize;
    const keyFrom = at + u32(bytes, at + 4);
    const keyTo = keyFrom + u32(bytes, at + 8);
    const valueTo = keyTo + u32(bytes, at + 12);
    if (keyFrom < data || valueTo > end) return [i, 'its key or value lies outside the page'];
    if (u32(bytes, at) !== flags)
      return [
        i,
        flags === bucketElementFlag ? 'it is no bucket' : 'it is marked as a bucket, which etcd never nests',
      ];
    if (i > 0 && compareKeys(bytes, previousFrom, previousTo, bytes, keyFrom, keyTo) >= 0)
      return [i, 'its key is not above the one before it'];
    if (i === 0 && min !== null && compareKeys(bytes, keyFrom, keyTo, min, 0, min.length) < 0)
      return [i, 'its key is below what the branch above says'];
    if (keyFrom !== next && i > first) {
      flush(i);
      first = i;
    }
    if (i === first) from = keyFrom;
    [previousFrom, previousTo, next] = [keyFrom, keyTo, valueTo];
  }
  if (count > 0) flush(count);
  if (count > 0 && max !== null && compareKeys(bytes, previousFrom, previousTo, max, 0, max.length) >= 0)
    return [count - 1, 'its key is not below what the branch above says'];
  return null;
}
