import { elementSize, type Stretch, u32 } from '../bolt/index.ts';
import { crc32c } from '../crc32c/index.ts';
import { HashPair } from './hash-pair.ts';
import { keyValueFields, parseKeyValue } from './key-value.ts';
import { fate, NewestRecords } from './newest-records.ts';
import { faultOfFields, RecordCheck } from './record-check.ts';
import { bigEndianCount, isRevisionKey, longestRevisionKey } from './revision.ts';

/** The point at which HashKV is taken, and how far the image is compacted. All -1 for never. */
export interface KeySpacePoint {
  /** HashKV covers records up to here; not below `compactRevision`. */
  readonly revision: number;
  /** Everything up to here counts as compacted; not below `scheduled`. */
  readonly compactRevision: number;
  /** Compaction of the image: asked for, and done up to here. */
  readonly scheduled: number;
  readonly finished: number;
}

/** Takes a finding: whether about a record or the order of revisions, the element's index in its leaf, what it is. */
export type ReportRecord = (
  check: 'records' | 'revisions',
  stretch: Stretch,
  index: number,
  reason: string,
) => void;

/** First pass, over the records after the last finished compaction: which of each key is the newest. */
export class NewestPass {
  readonly newest = new NewestRecords();
  readonly #point: KeySpacePoint;
  readonly #fields = keyValueFields();
  #ordinal = 0;

  constructor(point: KeySpacePoint) {
    this.#point = point;
  }

  visit(stretch: Stretch): void {
    const { bytes } = stretch.arena;
    const { finished, compactRevision, revision } = this.#point;
    const fields = this.#fields;
    for (let i = 0; i < stretch.count; i++) {
      const at = stretch.elements + i * elementSize;
      const from = at + u32(bytes, at + 4);
      const to = from + u32(bytes, at + 8);
      if (!isRevisionKey(bytes, from, to)) continue;
      const main = bigEndianCount(bytes, from);
      if (main <= finished || main > revision) continue;
      const tombstone = to - from === longestRevisionKey;
      const fault = parseKeyValue(bytes, to, to + u32(bytes, at + 12), fields);
      const ordinal = this.#ordinal;
      if (main <= compactRevision) this.#ordinal++;
      if (fault !== null) continue;
      if (main <= compactRevision)
        this.newest.noteBefore(bytes, fields.keyFrom, fields.keyTo, ordinal, tombstone);
      else if (tombstone || fields.createRevision <= compactRevision)
        this.newest.noteAfter(bytes, fields.keyFrom, fields.keyTo);
    }
  }
}

/**
 * Reads bucket `key` leaf by leaf: checks each record, counts live keys, and carries HashKV beside the hash of the
 * whole image.
 *
 * HashKV (etcd `server/storage/mvcc/hash.go`) at revision R with everything up to C compacted: CRC-32C over the name
 * of the bucket and the key and value of each record up to R, but of those up to C only the ones that are their key's
 * newest record up to R and no deletion.
 */
export class KeySpace {
  readonly #point: KeySpacePoint;
  readonly #newest: NewestRecords;
  readonly #report: ReportRecord;
  readonly #check: RecordCheck;
  readonly #hashes: HashPair;
  readonly #fields = keyValueFields();
  #ordinal = 0;
  #bumped = false;
  /** Main revision of the last record, 0 when there is none. */
  revision = 0;
  records = 0;
  /** Live keys at the end, and at the revision of HashKV. */
  liveKeys = 0;
  liveThen = 0;

  /** @param hash the hash of the image up to and with the name of this bucket */
  constructor(point: KeySpacePoint, newest: NewestRecords, hash: number, report: ReportRecord) {
    this.#point = point;
    this.#newest = newest;
    this.#report = report;
    this.#check = new RecordCheck(point.scheduled);
    this.#hashes = new HashPair(hash, crc32c(Buffer.from('key')));
  }

  /**
   * Live keys that a client can read. A bump of the revision is the record of a key without a name, which etcd's own tools
   * count among the live ones and no client ever sees.
   */
  get readableKeys(): number {
    return this.liveKeys - Number(this.#bumped);
  }

  /** The hash of the image up to here. */
  get hash(): number {
    return this.#hashes.whole;
  }

  /** HashKV up to here. */
  get hashKv(): number {
    return this.#hashes.part;
  }

  visit(stretch: Stretch): void {
    const { arena, elements, count } = stretch;
    const { bytes } = arena;
    this.#hashes.begin(stretch);
    for (let i = 0; i < count; i++) {
      const at = elements + i * elementSize;
      const keyFrom = at + u32(bytes, at + 4);
      const keyTo = keyFrom + u32(bytes, at + 8);
      const valueTo = keyTo + u32(bytes, at + 12);
      if (!this.#record(stretch, i, keyFrom, keyTo, valueTo)) this.#hashes.leaveOut(keyFrom, valueTo);
    }
    this.#hashes.end();
    this.records += count;
  }

  /** Checks and counts one record; tells whether HashKV covers it. */
  #record(stretch: Stretch, index: number, keyFrom: number, keyTo: number, valueTo: number): boolean {
    const { bytes } = stretch.arena;
    if (!isRevisionKey(bytes, keyFrom, keyTo)) {
      this.#report('records', stretch, index, 'its key is no revision');
      return true;
    }
    const main = bigEndianCount(bytes, keyFrom);
    const tombstone = keyTo - keyFrom === longestRevisionKey;
    const bump = keyTo === valueTo && !tombstone;
    const fields = this.#fields;
    this.revision = main;
    const fault =
      parseKeyValue(bytes, keyTo, valueTo, fields) ?? (bump ? null : faultOfFields(fields, main, tombstone));
    if (fault !== null) this.#report('records', stretch, index, fault);
    const disorder = this.#check.faultOfRevision(main, bigEndianCount(bytes, keyFrom + 9), bump);
    if (disorder !== null) this.#report('revisions', stretch, index, disorder);
    return main <= this.#point.compactRevision
      ? this.#before(bytes, main, tombstone, bump)
      : this.#after(main, tombstone, bump);
  }

  /** A record up to the compaction: live when nothing up to there came after it. */
  #before(bytes: Uint8Array, main: number, tombstone: boolean, bump: boolean): boolean {
    const ordinal = main <= this.#point.finished ? -1 : this.#ordinal++;
    if (bump) this.#bumped = true;
    if (tombstone) return false;
    const { keyFrom, keyTo } = this.#fields;
    const outcome = this.#newest.fateOf(bytes, keyFrom, keyTo, ordinal);
    if (outcome !== fate.compacted) {
      this.liveKeys++;
      this.liveThen++;
    }
    return outcome === fate.newest;
  }

  /** A record after the compaction: none is missing there, so a key lives from its version 1 to its deletion. */
  #after(main: number, tombstone: boolean, bump: boolean): boolean {
    const created = bump ? !this.#bumped : this.#fields.version === 1;
    if (bump) this.#bumped = true;
    const change = tombstone ? -1 : Number(created);
    this.liveKeys += change;
    if (main > this.#point.revision) return false;
    this.liveThen += change;
    return true;
  }
}
