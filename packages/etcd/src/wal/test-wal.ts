import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32c } from '../crc32c/index.ts';
import { bytesField, integerField } from '../raft/protobuf.ts';

/** A record for a test: its type and its data. */
export type TestRecord = readonly [type: number, data: Buffer];

/** The member of the test logs; ids of 64 bits. */
export const owner = { memberId: 0x8e9e05c52164694dn, clusterId: 0xcdf818194e3a8c32n };

const message = (...values: (number | bigint)[]): Buffer =>
  Buffer.concat(values.map((value, i) => integerField(i + 1, value)));

export const metadata: TestRecord = [1, message(owner.memberId, owner.clusterId)];

export function entry(index: number, term: number, data = Buffer.alloc(0)): TestRecord {
  const body = data.length === 0 ? data : bytesField(4, data);
  return [2, Buffer.concat([message(0, term, index), body])];
}

export function state(term: number, commit: number): TestRecord {
  return [3, message(term, owner.memberId, commit)];
}

/** With the voters, as from 3.5 on. */
export function snapshot(index: number, term: number): TestRecord {
  return [5, Buffer.concat([message(index, term), bytesField(3, integerField(1, owner.memberId))])];
}

/** A file of a log, from the description of the format alone. */
export function walBytes(records: readonly TestRecord[], seed = 0): { bytes: Buffer; crc: number } {
  let crc = seed;
  const frames = [frame(Buffer.concat([integerField(1, 4), integerField(2, crc)]))];
  for (const [type, data] of records) {
    crc = crc32c(data, crc);
    frames.push(frame(Buffer.concat([integerField(1, type), integerField(2, crc), bytesField(3, data)])));
  }
  return { bytes: Buffer.concat(frames), crc };
}

function frame(record: Buffer): Buffer {
  const pad = (8 - (record.length % 8)) % 8;
  const head = Buffer.alloc(8);
  head.writeBigUInt64LE(BigInt(record.length) | (pad === 0 ? 0n : BigInt(0x80 | pad) << 56n));
  return Buffer.concat([head, record, Buffer.alloc(pad)]);
}

/** Writes a log; the bytes of each of its files. */
export function writeWal(folder: string, files: readonly Buffer[], firstSequence = 0): void {
  mkdirSync(folder, { recursive: true });
  files.forEach((bytes, i) => writeFileSync(join(folder, walFileName(firstSequence + i)), bytes));
}

/** The name of a file; its index, which nothing reads, is made up. */
export function walFileName(sequence: number): string {
  return `${hex(sequence)}-${hex(sequence * 10)}.wal`;
}

/** Files with their checksums chained. */
export function chained(files: readonly (readonly TestRecord[])[], seed = 0): Buffer[] {
  let crc = seed;
  return files.map((records) => {
    const file = walBytes(records, crc);
    crc = file.crc;
    return file.bytes;
  });
}

function hex(number: number): string {
  return number.toString(16).padStart(16, '0');
}
