import { bigU64, u64 } from './little-endian.ts';
import type { Image } from './meta.ts';

/** The head of a bucket value: u64 root page, u64 sequence. Root 0: an inline page image follows. */
export const bucketHeadSize = 16;

/** A bucket as its parent holds it. */
export interface Bucket {
  readonly name: string;
  /** Root page, or 0 for an inline bucket. */
  readonly root: number;
  readonly sequence: bigint;
  /** A copy of the page image of an inline bucket: a leaf with page id 0; empty otherwise. */
  readonly inline: Uint8Array;
}

/** Reads a bucket value (a copy is kept of an inline page), or returns null when it is too short. */
export function parseBucket(name: Uint8Array, value: Uint8Array): Bucket | null {
  if (value.length < bucketHeadSize) return null;
  return {
    name: Buffer.from(name).toString('latin1'),
    root: u64(value, 0),
    sequence: bigU64(value, 8),
    inline: value.slice(bucketHeadSize),
  };
}

/** The bucket of all buckets. */
export function rootBucket({ meta: { root, sequence } }: Image): Bucket {
  return { name: '(root)', root, sequence, inline: new Uint8Array(0) };
}
