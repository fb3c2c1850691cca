import { crc32c } from '../crc32c/index.ts';
import type { TestEntry } from '../bolt/test-image.ts';
import { formatRevision } from './revision.ts';

/** One change of a transaction: a put of a value, or a deletion (of a key that need not exist). */
export type TestChange = { readonly key: string; readonly put?: string };

interface TestRecord {
  readonly main: number;
  readonly sub: number;
  readonly tombstone: boolean;
  readonly key: string;
  readonly entry: TestEntry;
}

interface LiveKey {
  readonly created: number;
  readonly version: number;
}

/**
 * A store of etcd in a few lines: its rules for revisions, compaction and HashKV as plainly as they can be said, to
 * compare the fast code with.
 */
export class TestHistory {
  records: TestRecord[] = [];
  readonly #live = new Map<string, LiveKey>();
  revision = 1;
  scheduled = -1;
  finished = -1;

  /** One transaction. Changes nothing when it only deletes keys that do not exist. */
  apply(changes: readonly TestChange[]): void {
    const main = this.revision + 1;
    let sub = 0;
    const seen = new Set<string>();
    for (const { key, put } of changes) {
      const old = this.#live.get(key);
      if (seen.has(key) || (put === undefined && old === undefined)) continue;
      seen.add(key);
      if (put === undefined) this.#live.delete(key);
      else this.#live.set(key, { created: old?.created ?? main, version: (old?.version ?? 0) + 1 });
      this.#append(main, sub++, key, put);
    }
    if (sub > 0) this.revision = main;
  }

  #append(main: number, sub: number, key: string, put: string | undefined): void {
    const tombstone = put === undefined;
    const live = this.#live.get(key);
    const value = tombstone
      ? field(1, key)
      : Buffer.concat([
          field(1, key),
          number(2, live!.created),
          number(3, main),
          number(4, live!.version),
          field(5, put),
        ]);
    this.records.push({
      main,
      sub,
      tombstone,
      key,
      entry: [formatRevision({ main, sub, tombstone }), value],
    });
  }

  /** What `snapshot restore --bump-revision` leaves: a record of nothing, and everything marked as compacted. */
  bump(by: number): void {
    this.revision += by;
    const revision = { main: this.revision, sub: 0, tombstone: false };
    this.records.push({ ...revision, key: '', entry: [formatRevision(revision), new Uint8Array(0)] });
    this.scheduled = this.revision;
  }

  /**
   * Compacts up to `revision`.
   * @param until how far the old records are removed; short of `revision` the work is unfinished
   * @param keepsDeletion whether a deletion in that very revision stays, as from 3.4.34 and 3.5.16 on
   */
  compact(revision: number, until: number, keepsDeletion: boolean): void {
    if (revision <= this.scheduled) return;
    this.scheduled = revision;
    const last = newest(this.records, revision);
    this.records = this.records.filter((record) => {
      if (record.main > Math.min(revision, until)) return true;
      const isLast = last.get(record.key) === record;
      return isLast && (!record.tombstone || (keepsDeletion && record.main === revision));
    });
    if (until >= revision) this.finished = revision;
  }

  /** HashKV as etcd defines it. @param skipsDeletion as from 3.4.34 and 3.5.16 on */
  hashKv(revision: number, compactRevision: number, skipsDeletion: boolean): number {
    const last = newest(this.records, revision);
    const keep = new Set([...last.values()].filter((record) => !record.tombstone));
    let hash = crc32c(Buffer.from('key'));
    for (const record of this.records) {
      if (record.main > revision) continue;
      if (record.main <= compactRevision && keep.size > 0 && !keep.has(record)) continue;
      if (record.main === compactRevision && record.tombstone && skipsDeletion) continue;
      hash = crc32c(record.entry[1], crc32c(record.entry[0], hash));
    }
    return hash;
  }

  /** Distinct keys whose last record is no deletion. */
  liveKeys(): number {
    return [...newest(this.records, this.revision).values()].filter((record) => !record.tombstone).length;
  }

  /** The buckets that hold it. */
  buckets(): Record<string, readonly TestEntry[]> {
    return {
      alarm: [],
      cluster: [[Buffer.from('clusterVersion'), Buffer.from('3.6.0')]],
      key: this.records.map((record) => record.entry),
      lease: [[Buffer.from('0000000000000007', 'hex'), Buffer.from('0807103c', 'hex')]],
      members: [[Buffer.from('8e9e05c52164694d'), Buffer.from('{"id":10276657743932975437,"peerURLs":[]}')]],
      meta: [
        [Buffer.from('consistent_index'), Buffer.from('0000000000000009', 'hex')],
        ...compaction('finishedCompactRev', this.finished),
        ...compaction('scheduledCompactRev', this.scheduled),
        [Buffer.from('storageVersion'), Buffer.from('3.6.0')],
        [Buffer.from('term'), Buffer.from('0000000000000002', 'hex')],
      ],
    };
  }
}

function compaction(name: string, revision: number): TestEntry[] {
  return revision < 0
    ? []
    : [[Buffer.from(name), formatRevision({ main: revision, sub: 0, tombstone: false })]];
}

function newest(records: readonly TestRecord[], revision: number): Map<string, TestRecord> {
  return new Map(records.filter(({ main }) => main <= revision).map((record) => [record.key, record]));
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80);
  return Buffer.from([...bytes, rest]);
}

function field(tag: number, text: string): Buffer {
  const bytes = Buffer.from(text);
  return bytes.length === 0 ? bytes : Buffer.concat([varint((tag << 3) | 2), varint(bytes.length), bytes]);
}

function number(tag: number, value: number): Buffer {
  return Buffer.concat([varint(tag << 3), varint(value)]);
}
