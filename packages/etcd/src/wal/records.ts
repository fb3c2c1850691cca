import { crc32c } from '../crc32c/index.ts';
import { bytesField, integerField } from '../raft/protobuf.ts';

/** Types of walpb.Record. */
const types = { metadata: 1, entry: 2, state: 3, crc: 4, snapshot: 5 } as const;

/** One record to be written; its data is a message. */
export interface WalRecord {
  readonly type: Exclude<keyof typeof types, 'crc'>;
  readonly data: Uint8Array;
}

/**
 * The bytes of a first WAL file: a crc record, then `records`. Each carries the CRC-32C of all data so far, and
 * stands in a frame: a little-endian u64 whose low 56 bits are the record's length and whose top byte, when the
 * record is padded to a multiple of 8, is 0x80 plus the number of pad bytes (etcd, server/storage/wal/encoder.go).
 */
export function encodeRecords(records: readonly WalRecord[]): Buffer {
  let crc = 0;
  const frames = [frame(Buffer.concat([integerField(1, types.crc), integerField(2, crc)]))];
  for (const { type, data } of records) {
    crc = crc32c(data, crc);
    frames.push(
      frame(Buffer.concat([integerField(1, types[type]), integerField(2, crc), bytesField(3, data)])),
    );
  }
  return Buffer.concat(frames);
}

function frame(record: Buffer): Buffer {
  const pad = (8 - (record.length % 8)) % 8;
  const framed = Buffer.alloc(8 + record.length + pad);
  framed.writeUIntLE(record.length, 0, 6);
  if (pad > 0) framed[7] = 0x80 | pad;
  record.copy(framed, 8);
  return framed;
}
