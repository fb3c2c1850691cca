import { type Bucket, type Stretch, stretchEntries, type Visit } from '../bolt/index.ts';
import { bigEndianCount, bigVarint, bucketNames, metaKeys, parseRevision } from '../mvcc/index.ts';

/** Says what is wrong with an entry, or null. */
type EntryCheck = (key: Uint8Array, value: Uint8Array) => string | null;

const eightBytes = (value: Uint8Array) =>
  value.length === 8 && bigEndianCount(value, 0) >= 0 ? null : 'it is no count';
const revision = (value: Uint8Array) => (parseRevision(value) === null ? 'it is no revision' : null);

/** The entries whose form is fixed; by bucket and key. */
const values: Record<string, Record<string, (value: Uint8Array) => string | null>> = {
  [bucketNames.meta]: {
    [metaKeys.consistentIndex]: eightBytes,
    [metaKeys.term]: eightBytes,
    [metaKeys.scheduledCompaction]: revision,
    [metaKeys.finishedCompaction]: revision,
  },
  [bucketNames.auth]: {
    authEnabled: (value) => (value.length === 1 ? null : 'it is no switch'),
    authRevision: eightBytes,
  },
};

/** A lease (leasepb.Lease: 1 ID, 2 TTL, 3 RemainingTTL) stands under its id, big-endian. */
function checkLease(key: Uint8Array, value: Uint8Array): string | null {
  if (key.length !== 8) return 'its key is no lease id';
  const id = Buffer.from(key).readBigUInt64BE();
  return value[0] === 0x08 && bigVarint(value, 1) === id ? null : 'it is not the lease of its key';
}

/** A member is JSON under its id in hexadecimal. Ids are above 2^53, so the number is read from the text. */
function checkMember(key: Uint8Array, value: Uint8Array): string | null {
  const text = Buffer.from(value).toString();
  try {
    JSON.parse(text);
  } catch {
    return 'it is no JSON';
  }
  const id = /"id":(\d+)/.exec(text)?.[1];
  const matches = id !== undefined && BigInt(id).toString(16) === Buffer.from(key).toString('latin1');
  return matches ? null : 'it is not the member of its key';
}

/** The check of a bucket's entries; none for the buckets whose entries are left as they are. */
function entryCheck(bucket: string): EntryCheck | undefined {
  if (bucket === bucketNames.lease) return checkLease;
  if (bucket === bucketNames.members) return checkMember;
  const known = values[bucket];
  if (known === undefined) return undefined;
  return (key, value) => known[Buffer.from(key).toString('latin1')]?.(value) ?? null;
}

/** Hashes and counts a bucket other than `key`, and looks at the entries whose form is known. */
export class SmallBucket {
  hash: number;
  pairs = 0;
  readonly visit: Visit;

  constructor(
    bucket: Bucket,
    hash: number,
    report: (check: 'records', stretch: Stretch, index: number, reason: string) => void,
  ) {
    this.hash = hash;
    const check = entryCheck(bucket.name);
    this.visit = (stretch) => {
      this.hash = stretch.arena.crc(stretch.from, stretch.to, this.hash);
      this.pairs += stretch.count;
      if (check === undefined) return;
      for (const [index, { key, value }] of stretchEntries(stretch)) {
        const fault = check(key, value);
        if (fault !== null) report('records', stretch, index, fault);
      }
    };
  }
}
