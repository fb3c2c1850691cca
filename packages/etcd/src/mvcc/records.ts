import { type Bucket, damaged, type Image, readEntries } from '../bolt/index.ts';
import { keyValueFields, leaseOf, parseKeyValue } from './key-value.ts';
import { formatRevision, parseRevision, type Revision } from './revision.ts';

/** One change as the database keeps it. All bytes are views that stay valid. */
export interface StoredRecord extends Revision {
  /** Key and value of the bucket's entry, as folding copies them. */
  readonly revisionKey: Uint8Array;
  readonly record: Uint8Array;
  /** The user's key and value; a tombstone has no value. */
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  /** 0 in a tombstone, as are version and lease. */
  readonly createRevision: number;
  readonly version: number;
  /** Lease id, 0: none. */
  readonly lease: bigint;
}

/**
 * The records of bucket `key` in revision order, one page in memory at a time.
 * @param from the first main revision that is wanted
 * @throws Failure not-a-snapshot with the place, at the first damage
 */
export async function* readRecords(
  image: Image,
  bucket: Bucket,
  from: number = 0,
): AsyncGenerator<StoredRecord> {
  const fields = keyValueFields();
  const start = from <= 0 ? undefined : formatRevision({ main: from, sub: 0, tombstone: false });
  for await (const { key: revisionKey, value: record } of readEntries(image, bucket, start)) {
    const revision = parseRevision(revisionKey);
    const fault = revision === null ? 'it is no revision' : parseKeyValue(record, 0, record.length, fields);
    if (revision === null || fault !== null)
      throw damaged(image.source, `record ${Buffer.from(revisionKey).toString('hex')}`, fault!);
    yield {
      ...revision,
      revisionKey,
      record,
      key: record.subarray(fields.keyFrom, fields.keyTo),
      value: record.subarray(fields.valueFrom, fields.valueTo),
      createRevision: fields.createRevision,
      version: fields.version,
      lease: leaseOf(record, fields),
    };
  }
}
