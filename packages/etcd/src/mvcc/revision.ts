/**
 * A key of etcd's bucket `key`: u64 big-endian main, `_`, u64 big-endian sub, and for a tombstone one more byte `t`
 * (etcd `server/storage/mvcc/revision.go`). Byte order is revision order.
 */
export interface Revision {
  /** Counts transactions: every change of the store moves it by one. */
  readonly main: number;
  /** Ordinal of the change within its transaction, from 0. */
  readonly sub: number;
  /** Whether the change deleted its key. */
  readonly tombstone: boolean;
}

const separator = 0x5f;
const tombstoneMark = 0x74;
const plainLength = 17;

/** Bytes of the longest revision key, a tombstone's. */
export const longestRevisionKey = plainLength + 1;

/** The big-endian number at `at`, or -1 when it is above 2^53 - 1, which no etcd ever counts to. */
export function bigEndianCount(bytes: Uint8Array, at: number): number {
  const high = ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
  const low =
    ((bytes[at + 4]! << 24) | (bytes[at + 5]! << 16) | (bytes[at + 6]! << 8) | bytes[at + 7]!) >>> 0;
  return high >= 0x20_0000 ? -1 : high * 0x1_0000_0000 + low;
}

/** Whether `[from, to)` has the form of a revision key; its numbers are read by `bigEndianCount` at 0 and 9. */
export function isRevisionKey(bytes: Uint8Array, from: number, to: number): boolean {
  const length = to - from;
  return (
    (length === plainLength || (length === longestRevisionKey && bytes[to - 1] === tombstoneMark)) &&
    bytes[from + 8] === separator &&
    bigEndianCount(bytes, from) >= 0 &&
    bigEndianCount(bytes, from + 9) >= 0
  );
}

/** Reads a revision key, or returns null when it is none. */
export function parseRevision(key: Uint8Array): Revision | null {
  if (!isRevisionKey(key, 0, key.length)) return null;
  return {
    main: bigEndianCount(key, 0),
    sub: bigEndianCount(key, 9),
    tombstone: key.length === longestRevisionKey,
  };
}

/** Writes a revision key: 17 bytes, 18 for a tombstone. */
export function formatRevision({ main, sub, tombstone }: Revision): Uint8Array {
  const key = new Uint8Array(plainLength + (tombstone ? 1 : 0));
  const view = new DataView(key.buffer);
  view.setBigUint64(0, BigInt(main));
  key[8] = separator;
  view.setBigUint64(9, BigInt(sub));
  if (tombstone) key[plainLength] = tombstoneMark;
  return key;
}
