import { setImmediate } from 'node:timers/promises';
import { isFailure } from '@holdfast/base';
import { type Image, openFileSource, openImage, readBuckets } from '../bolt/index.ts';
import { bucketNames, readRecords } from '../mvcc/index.ts';
import { readPosition, type SnapshotPosition } from './position.ts';

/** How the changes are counted. */
export interface ChangesSinceOptions {
  /** Keys that are named, at most. */
  readonly examples: number;
  readonly signal?: AbortSignal;
}

/** What became of a key between a revision and the end of a database. */
export type KeyChange = 'created' | 'changed' | 'deleted';

/** How a database differs from itself at an earlier revision. */
export interface ChangesSince extends Readonly<Record<KeyChange, number>> {
  /** Some of the keys, of each kind of change about as many; the oldest changes first. */
  readonly examples: readonly { readonly key: string; readonly change: KeyChange }[];
  /** Whether every change is counted; `why` says in one sentence why not, and is '' otherwise. */
  readonly complete: boolean;
  readonly why: string;
}

/** A key that was written to after the revision. */
interface WrittenKey {
  readonly existed: boolean;
  exists: boolean;
}

/** Records between two turns of the event loop: reading a file answers at once. */
const recordsPerTurn = 1024;
const writtenMeanwhile = 'etcd wrote to the database while it was read';

/**
 * Tells what a database holds after `revision`: keys by what became of them in the end, so that one that came and went
 * counts in neither. Only the records after it are read, and memory grows with the keys that were written, by some 200
 * bytes each. That the revision is the same one as in another database of the cluster cannot be seen.
 * @throws Failure file-unreadable, not-a-snapshot; the signal's reason
 */
export async function changesSince(
  dbPath: string,
  revision: number,
  options: ChangesSinceOptions,
): Promise<ChangesSince> {
  return (await attempt(dbPath, revision, options)) ?? (await attempt(dbPath, revision, options, true))!;
}

/** Null when an etcd wrote meanwhile; the last attempt says so in its result instead. */
async function attempt(
  dbPath: string,
  revision: number,
  options: ChangesSinceOptions,
  isLast = false,
): Promise<ChangesSince | null> {
  using source = openFileSource(dbPath);
  const image = await openImage(source);
  const changed = async () => (await openImage(source)).meta.transaction !== image.meta.transaction;
  try {
    const changes = await readChanges(image, revision, options);
    if (!(await changed())) return changes;
    return isLast ? { ...changes, complete: false, why: changes.why || writtenMeanwhile } : null;
  } catch (error) {
    if (isLast || !isFailure(error, 'not-a-snapshot') || !(await changed())) throw error;
    return null;
  }
}

async function readChanges(
  image: Image,
  revision: number,
  { examples, signal }: ChangesSinceOptions,
): Promise<ChangesSince> {
  const position = await readPosition(image.source);
  const key = (await readBuckets(image)).get(bucketNames.key)!;
  const keys = new Map<string, WrittenKey>();
  let [records, first] = [0, revision + 1];
  for await (const record of readRecords(image, key, revision)) {
    if (records === 0) first = record.main;
    if (records++ % recordsPerTurn === 0) {
      await setImmediate();
      signal?.throwIfAborted();
    }
    // The record of nothing with which a restore moves the revision is no change.
    if (record.main <= revision || record.record.length === 0) continue;
    const name = Buffer.from(record.key).toString('latin1');
    const known = keys.get(name);
    if (known !== undefined) known.exists = !record.tombstone;
    else {
      const existed = record.tombstone || record.createRevision <= revision;
      keys.set(name, { existed, exists: !record.tombstone });
    }
  }
  const why = whyIncomplete(position, revision, first);
  return { ...fates(keys, examples), complete: why === '', why };
}

/** Why what comes after `revision` cannot be told; `first` is the first revision from there on that has a record. */
function whyIncomplete(position: SnapshotPosition, revision: number, first: number): string {
  const { revision: end, compactRevision } = position;
  if (end < revision) return `the database ends at revision ${end}, before ${revision}`;
  if (compactRevision > revision)
    return `the database is compacted up to revision ${compactRevision}, so keys that were deleted before are not counted`;
  // Every revision of a store has a record until it is compacted; the first one is the empty store's.
  if (revision > Math.max(1, compactRevision) && first !== revision)
    return `revision ${revision} is none of this database: its history took another way`;
  return '';
}

function fates(
  keys: ReadonlyMap<string, WrittenKey>,
  wanted: number,
): Omit<ChangesSince, 'complete' | 'why'> {
  const counts = { created: 0, changed: 0, deleted: 0 };
  const named: Record<KeyChange, string[]> = { created: [], changed: [], deleted: [] };
  for (const [name, { existed, exists }] of keys) {
    if (!existed && !exists) continue;
    const change = !existed ? 'created' : exists ? 'changed' : 'deleted';
    counts[change] += 1;
    if (named[change].length < wanted) named[change].push(name);
  }
  const examples: { key: string; change: KeyChange }[] = [];
  for (let i = 0; i < wanted; i++) {
    for (const change of ['deleted', 'changed', 'created'] as const) {
      const name = named[change][i];
      if (name !== undefined) examples.push({ key: Buffer.from(name, 'latin1').toString(), change });
    }
  }
  return { ...counts, examples: examples.slice(0, wanted) };
}
