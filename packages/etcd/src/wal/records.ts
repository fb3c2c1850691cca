import { crc32c } from '../crc32c/index.ts';
import { bytesField, integerField } from '../raft/protobuf.ts';

/** Types of walpb.Record. */
export const recordTypes = { metadata: 1, entry: 2, state: 3, crc: 4, snapshot: 5 } as const;

/** One record to be written; its data is a message. */
export interface WalRecord {
  readonly type: Exclude<keyof typeof recordTypes, 'crc'>;
  readonly data: Uint8Array;
}

/**
 * The bytes of a first WAL file: a crc record, then `records`. Each carries the CRC-32C of all data so far, and
 * stands in a frame: a little-endian u64 whose low 56 bits are the record's length and whose top byte, when the
 * record is padded to a multiple of 8, is 0x80 plus the number of pad bytes (etcd, server/storage/wal/encoder.go).
 */
export function encodeRecords(records: readonly WalRecord[]): Buffer {
  let crc = 0;
  const frames = [frame(Buffer.concat([integerField(1, recordTypes.crc), integerField(2, crc)]))];
  for (const record of records) {
    frames.push(encodeRecord(record, crc));
    crc = crc32c(record.data, crc);
  }
  return Buffer.concat(frames);
}

/** The bytes of one record behind others whose data has the CRC-32C `crc`. */
export function encodeRecord({ type, data }: WalRecord, crc: number): Buffer {
  return frame(
    Buffer.concat([
      integerField(1, recordTypes[type]),
      integerField(2, crc32c(data, crc)),
      bytesField(3, data),
    ]),
  );
}

function frame(record: Buffer): Buffer {
  const pad = (8 - (record.length % 8)) % 8;
  const framed = Buffer.alloc(8 + record.length + pad);
  framed.writeUIntLE(record.length, 0, 6);
  if (pad > 0) framed[7] = 0x80 | pad;
  record.copy(framed, 8);
  return framed;
}
