import type { PageWindow } from '../bolt/index.ts';
import { crc32c } from '../crc32c/index.ts';
import { frameAt, frameHead, recordAt } from './read-record.ts';

/** Bytes that a disk writes whole or not at all (etcd, server/storage/wal/decoder.go: minSectorSize). */
const sector = 512;
/** Bytes behind a stop that are looked at: several times what etcd writes at once. */
const lookedAt = 8 * 1024 * 1024;

/** Where the reading of a log's last file stopped. */
export interface Stop {
  readonly at: number;
  /** Where the frame there says that it ends, which may be past the end of the file; its own beginning when it is zero. */
  readonly end: number;
  /** The chained checksum of the records before. */
  readonly crc: number;
}

/**
 * Whether a log that cannot be read on from `stop` was torn there by a crash, and not damaged afterwards. A torn log
 * lacks nothing that etcd has ever answered for, and etcd cuts it there by itself.
 *
 * As etcd tells it: the frame runs past the end of the file, or one of its sectors is all zeros, so was never written.
 * Beyond that, etcd takes any wrong length for a tear and drops whatever follows; here it is damage when the record is
 * whole but for its length, or when another record begins before the first sector of zeros.
 */
export async function isTorn(window: PageWindow, size: number, { at, end, crc }: Stop): Promise<boolean> {
  const body = at + frameHead;
  if (size <= body) return true;
  // Nearly always there is nothing but the zeros that etcd allocates.
  const near = Math.min(size - at, 2 * sector);
  if (!window.holds(at, near)) await window.load(at, near, near);
  const begin = window.offset(at);
  if (window.arena.bytes.subarray(begin, begin + near).every((byte) => byte === 0)) return true;
  const length = Math.min(size - at, lookedAt);
  if (!window.holds(at, length)) await window.load(at, length, length);
  const from = window.offset(at);
  const to = from + length;
  const { bytes } = window.arena;
  const own = recordAt(bytes, from + frameHead, to);
  if (own !== null && crc32c(bytes.subarray(own.from, own.end), crc) === own.crc) return false;
  const mayBeLater = end > at && end <= size;
  const last = mayBeLater ? Math.min(to, from + end - at) : to;
  for (let chunk = from + frameHead; chunk < last;) {
    const next = Math.min(last, chunk + sector - ((at + chunk - from) % sector));
    if (bytes.subarray(chunk, next).every((byte) => byte === 0)) return true;
    for (let i = chunk; i < next; i += 8) if (isFrame(bytes, i, to)) return false;
    chunk = next;
  }
  return !mayBeLater;
}

/** Whether a whole frame begins at `at`. */
function isFrame(bytes: Uint8Array, at: number, to: number): boolean {
  if (at + frameHead > to) return false;
  const frame = frameAt(bytes, at);
  if (frame === null || typeof frame === 'string') return false;
  const body = at + frameHead;
  return recordAt(bytes, body, Math.min(to, body + frame.length))?.end === body + frame.length;
}
