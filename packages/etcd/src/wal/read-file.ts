import { setImmediate } from 'node:timers/promises';
import { type ByteSource, PageWindow } from '../bolt/index.ts';
import { frameAt, frameHead, recordAt } from './read-record.ts';
import { recordTypes } from './records.ts';
import { isTorn } from './torn-tail.ts';

/** Bytes read at once; a larger record makes its window grow. */
const windowBytes = 1024 * 1024;

/** How one file of a log is read. */
export interface WalFileOrder {
  readonly source: ByteSource;
  /** The checksum at the end of the file before; undefined for the first one that there is. */
  readonly crc: number | undefined;
  /** Whether it is the log's last file, the only one that a crash can tear. */
  readonly isLast: boolean;
  /** Takes each record whose checksum is right; says what is wrong with it, or null. */
  readonly take: (type: number, bytes: Uint8Array, from: number, to: number) => string | null;
  readonly signal?: AbortSignal;
}

/** How far it could be read. */
export interface WalFileEnd {
  /** The checksum after its last record. */
  readonly crc: number;
  /** Where its last whole record ends, in bytes. */
  readonly at: number;
  /** Whether a crash tore it there; a file that ends with zeros is not torn. */
  readonly torn: boolean;
  /** What is wrong at that place; null when the file was read to its end. */
  readonly fault: string | null;
}

/**
 * Reads a file of a log in its order: each frame, its record, its checksum chained to those before it. Up to
 * `windowBytes`, or one record, are in memory.
 * @throws the signal's reason; Failure file-unreadable; not-a-snapshot when the file shrinks meanwhile
 */
export async function readWalFile(order: WalFileOrder): Promise<WalFileEnd> {
  const { source, isLast, signal } = order;
  const window = new PageWindow(source, Math.min(windowBytes, Math.max(frameHead, source.size)));
  const hold = async (at: number, length: number) => {
    if (window.holds(at, length)) return;
    await window.load(at, length, windowBytes);
    // Reading a file answers at once: without this nobody else of this process would have a turn.
    await setImmediate();
    signal?.throwIfAborted();
  };
  let at = 0;
  let crc = order.crc ?? 0;
  const stop = async (end: number, why: string): Promise<WalFileEnd> => {
    const torn = isLast && (await isTorn(window, source.size, { at, end, crc }));
    return { crc, at, torn, fault: torn ? null : why };
  };
  for (;;) {
    const left = source.size - at;
    if (left === 0) return { crc, at, torn: false, fault: null };
    if (left < frameHead) return stop(source.size + 1, 'the file ends within a record');
    await hold(at, frameHead);
    const frame = frameAt(window.arena.bytes, window.offset(at));
    if (frame === null) return endOfRecords({ ...order, window, at, crc });
    if (typeof frame === 'string') return stop(source.size + 1, frame);
    const end = at + frameHead + frame.length + frame.pad;
    if (end > source.size) return stop(end, 'the file ends within a record');
    await hold(at, end - at);
    const from = window.offset(at + frameHead);
    const record = recordAt(window.arena.bytes, from, from + frame.length);
    if (record === null || record.end !== from + frame.length) return stop(end, 'it is no record');
    const isHead = record.type === recordTypes.crc;
    if (at === 0 && !isHead) return stop(end, 'the file does not begin with a checksum');
    const own = isHead
      ? at === 0 && order.crc === undefined
        ? record.crc
        : crc
      : window.arena.crc(record.from, record.end, crc);
    if (own !== record.crc) return stop(end, 'its checksum is wrong');
    const fault = isHead ? null : order.take(record.type, window.arena.bytes, record.from, record.end);
    if (fault !== null) return { crc, at, torn: false, fault };
    crc = own;
    at = end;
  }
}

/** Behind the last record there are zeros. Anything else there was torn, or the length of a record is gone. */
async function endOfRecords(end: WalFileOrder & Position): Promise<WalFileEnd> {
  const { source, window, at, crc, isLast } = end;
  // What a file before the last one lacks is told by the checksum at the head of the next.
  const sound = !isLast || (await isTorn(window, source.size, { at, end: at, crc }));
  return { crc, at, torn: false, fault: sound ? null : 'the length of the record is missing' };
}

interface Position {
  readonly window: PageWindow;
  readonly at: number;
  readonly crc: number;
}
