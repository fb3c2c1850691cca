import { setImmediate } from 'node:timers/promises';
import {
  type ByteSource,
  damaged,
  elementSize,
  type Image,
  openImage,
  PageMap,
  pagesPresent,
  PageWindow,
  placeOf,
  readBuckets,
  type Stretch,
  TreeWalk,
  u32,
  type WalkOrder,
} from '../bolt/index.ts';
import {
  bigEndianCount,
  bucketNames,
  fate,
  formatRevision,
  isRevisionKey,
  keyValueFields,
  longestRevisionKey,
  NewestPass,
  type NewestRecords,
  parseKeyValue,
  readStoreMeta,
} from '../mvcc/index.ts';

/** Takes one pair. Both are views that the next pair overwrites; what is to be kept has to be copied. */
export type TakePair = (key: Uint8Array, value: Uint8Array) => void;

/** Bytes read at once: enough for the children of a branch, few enough for the processor's cache. */
const windowBytes = 1024 * 1024;

/**
 * Hands every live pair of an image to `take`: the newest record of each key, unless it is a deletion. They come in the
 * order in which they were written. Two passes: one over the records after the last finished compaction, to find the
 * newest of each key, and one over all. Memory: a window of 1 MiB and 18 to 36 bytes (54 while it grows) for each key that was written
 * after that compaction, whatever the sizes of keys and values. Keys are told apart as {@link NewestRecords} does.
 * @returns how many there were
 * @throws Failure not-a-snapshot with the place at the first damage; file-unreadable; the signal's reason
 */
export async function readLivePairs(
  source: ByteSource,
  take: TakePair,
  { signal }: { readonly signal?: AbortSignal } = {},
): Promise<number> {
  const image = await openImage(source);
  const buckets = await readBuckets(image);
  const bucket = buckets.get(bucketNames.key);
  if (bucket === undefined)
    throw damaged(source, 'the root', 'there is no bucket "key", so this is no database of etcd');
  const { finishedCompaction: finished } = await readStoreMeta(image, buckets.get(bucketNames.meta));
  const pass = new NewestPass({
    revision: Number.POSITIVE_INFINITY,
    compactRevision: Number.POSITIVE_INFINITY,
    scheduled: finished,
    finished,
  });
  const from = formatRevision({ main: finished + 1, sub: 0, tombstone: false });
  await walk(image, { bucket, flags: 0, visit: (stretch) => pass.visit(stretch), from }, signal);
  const pairs = new LivePairs(image, { finished, newest: pass.newest, take });
  await walk(image, { bucket, flags: 0, visit: (stretch) => pairs.visit(stretch) }, signal);
  return pairs.count;
}

async function walk(image: Image, order: WalkOrder, signal?: AbortSignal): Promise<void> {
  const { source } = image;
  const tree = new TreeWalk({
    image,
    window: new PageWindow(source, Math.min(windowBytes, source.size)),
    reached: new PageMap(pagesPresent(image)),
    report(place, reason) {
      throw damaged(source, place, reason);
    },
    async pace() {
      await setImmediate();
      signal?.throwIfAborted();
    },
  });
  signal?.throwIfAborted();
  await tree.walk(order);
}

/** The second pass. */
class LivePairs {
  readonly #image: Image;
  readonly #finished: number;
  readonly #newest: NewestRecords;
  readonly #take: TakePair;
  readonly #fields = keyValueFields();
  /** Counts the records after the finished compaction as the first pass did. */
  #ordinal = 0;
  count = 0;

  constructor(
    image: Image,
    told: { readonly finished: number; readonly newest: NewestRecords; readonly take: TakePair },
  ) {
    this.#image = image;
    this.#finished = told.finished;
    this.#newest = told.newest;
    this.#take = told.take;
  }

  visit({ arena, elements, count, first, leaf }: Stretch): void {
    const { bytes } = arena;
    const fields = this.#fields;
    for (let i = 0; i < count; i++) {
      const at = elements + i * elementSize;
      const from = at + u32(bytes, at + 4);
      const to = from + u32(bytes, at + 8);
      const end = to + u32(bytes, at + 12);
      const fault = isRevisionKey(bytes, from, to)
        ? parseKeyValue(bytes, to, end, fields)
        : 'its key is no revision';
      if (fault !== null)
        throw damaged(this.#image.source, placeOf(leaf.page, this.#image.pageSize, first + i), fault);
      const ordinal = bigEndianCount(bytes, from) <= this.#finished ? -1 : this.#ordinal++;
      // The record of nothing with which a restore moves the revision is no pair.
      if (to - from === longestRevisionKey || to === end) continue;
      const { keyFrom, keyTo, valueFrom, valueTo } = fields;
      if (this.#newest.fateOf(bytes, keyFrom, keyTo, ordinal) !== fate.newest) continue;
      this.count++;
      this.#take(bytes.subarray(keyFrom, keyTo), bytes.subarray(valueFrom, valueTo));
    }
  }
}
