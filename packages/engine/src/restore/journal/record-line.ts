import { crc32c } from '@holdfast/etcd/crc32c';
import { JournalRecord } from '@holdfast/model';

const newline = 0x0a;

/** A record as a line: the CRC-32C of its JSON as 8 hexadecimal digits, a space, the JSON, a newline. */
export function recordLine(record: JournalRecord): Buffer {
  const text = Buffer.from(JSON.stringify(record));
  return Buffer.concat([Buffer.from(`${digits(text)} `), text, Buffer.of(newline)]);
}

/** A whole journal. */
export function journalText(records: readonly JournalRecord[]): string {
  return Buffer.concat(records.map(recordLine)).toString();
}

/** What a journal holds. */
interface JournalContent {
  readonly records: readonly JournalRecord[];
  /** Bytes of the whole lines; what is behind them was never finished and counts as not written. */
  readonly length: number;
  /** What is wrong before its end, in one sentence; undefined when nothing is. */
  readonly fault: string | undefined;
}

/**
 * Reads a journal. Only a last line without its newline may be unfinished: a record counts once it was forced to the
 * disk, and so whatever is wrong elsewhere was damaged later.
 */
export function readLines(bytes: Buffer): JournalContent {
  const records: JournalRecord[] = [];
  let length = 0;
  for (let end = bytes.indexOf(newline); end >= 0; end = bytes.indexOf(newline, length)) {
    const record = recordOf(bytes.subarray(length, end));
    if (record?.n !== records.length) {
      return {
        records,
        length,
        fault: `line ${records.length + 1} is not the record that was written there`,
      };
    }
    records.push(record);
    length = end + 1;
  }
  return { records, length, fault: undefined };
}

/** Undefined when it is no record. */
function recordOf(line: Buffer): JournalRecord | undefined {
  const text = line.subarray(9);
  if (line.toString('latin1', 0, 9) !== `${digits(text)} `) return undefined;
  try {
    return JournalRecord.safeParse(JSON.parse(text.toString())).data;
  } catch {
    return undefined;
  }
}

function digits(text: Buffer): string {
  return crc32c(text).toString(16).padStart(8, '0');
}
