import type { KeyValueFields } from './key-value.ts';

/**
 * What must hold between the records of bucket `key`.
 *
 * Compaction removes records up to the scheduled revision S and none after it, so up to S any main revision and any
 * sub may be missing, and after S nothing may: main revisions follow each other without a hole, beginning with S + 1
 * (with 2 in a store that was never compacted), and within each the subs count 0, 1, 2. The one exception is the
 * record with an empty value that a revision bump leaves behind: it may follow a hole.
 */
export class RecordCheck {
  readonly #compacted: number;
  #main: number;
  #sub = 0;
  /** Whether no record after S was seen yet. */
  #first = true;

  /** @param scheduledCompaction S, or -1 */
  constructor(scheduledCompaction: number) {
    this.#compacted = scheduledCompaction;
    this.#main = scheduledCompaction < 0 ? 1 : scheduledCompaction;
  }

  /** What is wrong with where a record stands, or null. Takes the records in order. */
  faultOfRevision(main: number, sub: number, bump: boolean): string | null {
    if (main <= this.#compacted) return null;
    const [lastMain, lastSub, first] = [this.#main, this.#sub, this.#first];
    this.#main = main;
    this.#sub = sub;
    this.#first = false;
    if (main === lastMain && !first)
      return sub === lastSub + 1 ? null : `revision ${main} goes from change ${lastSub} to change ${sub}`;
    if (sub !== 0) return `revision ${main} begins with change ${sub}`;
    if (main === lastMain + 1 || bump) return null;
    return `revision ${main} follows ${lastMain}: ${main - lastMain - 1} revisions are missing`;
  }
}

/** What is wrong with the fields of a record of revision `main`, or null. */
export function faultOfFields(fields: KeyValueFields, main: number, tombstone: boolean): string | null {
  const { createRevision, modRevision, version } = fields;
  if (fields.keyFrom === fields.keyTo) return 'it has no key';
  if (tombstone) {
    const bare = createRevision + modRevision + version === 0 && fields.leaseAt < 0;
    return bare && fields.valueFrom === fields.valueTo ? null : 'a deletion holds more than its key';
  }
  if (modRevision !== main) return `it says that it was written in revision ${modRevision}`;
  if (createRevision < 1 || createRevision > main)
    return `it says that its key was made in revision ${createRevision}`;
  if (version < 1) return 'it has no version';
  return null;
}
