import { recordTypes } from './records.ts';
import { varintAt } from './varint.ts';

/** Bytes of a frame's head; see `encodeRecords`. */
export const frameHead = 8;

/** Bytes of the largest record that is read: forty times what etcd takes in one request by default. */
const largestRecord = 64 * 1024 * 1024;

/** Tags of walpb.Record's fields: 1 type, 2 crc, 3 data. etcd writes them in this order, and the first two always. */
const tags = { type: 0x08, crc: 0x10, data: 0x1a } as const;
const lastType = Math.max(...Object.values(recordTypes));

/** The lengths that the head of a frame tells. */
export interface FrameHead {
  readonly length: number;
  readonly pad: number;
}

/** Reads the head of a frame at `at`: null when it is zero, as behind the last record; or what is wrong with it. */
export function frameAt(bytes: Uint8Array, at: number): FrameHead | null | string {
  let length = 0;
  for (let i = 6; i >= 0; i--) length = length * 256 + bytes[at + i]!;
  const mark = bytes[at + 7]!;
  if (length === 0 && mark === 0) return null;
  if (length > largestRecord) return `a record of ${length} bytes is beyond any that etcd writes`;
  const pad = (8 - (length % 8)) % 8;
  if (length === 0 || mark !== (pad === 0 ? 0 : 0x80 | pad)) return 'its length is none that etcd writes';
  return { length, pad };
}

/** A record of the log, not yet compared with its checksum. */
export interface ReadRecord {
  readonly type: number;
  readonly crc: number;
  /** Its data: `[from, end)`; the record ends there too. */
  readonly from: number;
  readonly end: number;
}

/** The record at `at`, which by its own lengths ends before or at `to`; null when there is none. */
export function recordAt(bytes: Uint8Array, at: number, to: number): ReadRecord | null {
  if (to - at < 4 || bytes[at] !== tags.type || bytes[at + 2] !== tags.crc) return null;
  const type = bytes[at + 1]!;
  const crc = varintAt(bytes, at + 3, to);
  if (type < 1 || type > lastType || crc === null || crc.value > 0xffff_ffff) return null;
  if (type === recordTypes.crc || bytes[crc.end] !== tags.data || crc.end >= to)
    return { type, crc: crc.value, from: crc.end, end: crc.end };
  const length = varintAt(bytes, crc.end + 1, to);
  if (length === null || length.value > to - length.end) return null;
  return { type, crc: crc.value, from: length.end, end: length.end + length.value };
}
