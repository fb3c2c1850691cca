import type { HashKv, StatusFigures } from '@holdfast/model';
import {
  type Bucket,
  bucketElementFlag,
  checkFreelist,
  type Image,
  PageMap,
  pagesPresent,
  PageWindow,
  parseBucket,
  placeOf,
  placeOfBucket,
  readFreelist,
  rootBucket,
  type Stretch,
  stretchEntries,
  TreeWalk,
  type WalkContext,
} from '../bolt/index.ts';
import { crc32c } from '../crc32c/index.ts';
import {
  bucketNames,
  formatRevision,
  KeySpace,
  type KeySpacePoint,
  NewestPass,
  type NewestRecords,
  noStoreMeta,
  readStoreMeta,
  type StoreMeta,
} from '../mvcc/index.ts';
import type { Findings } from './findings.ts';
import { SmallBucket } from './small-buckets.ts';

/** Bytes read at once: enough for the children of a branch, few enough for the processor's cache. */
const windowBytes = 1024 * 1024;

/** What a whole image was found to hold. It is worth as much as the findings say. */
export interface ImageReading {
  readonly meta: StoreMeta;
  /** Bucket `key`, if there is one. */
  readonly key: Bucket | undefined;
  readonly point: KeySpacePoint;
  readonly keySpace: KeySpace;
  readonly status: StatusFigures;
  readonly pages: { readonly total: number; readonly free: number };
  /** Pairs of each bucket. */
  readonly buckets: Record<string, number>;
}

/**
 * Reads an image from end to end: every page, every record, both hashes. Damage goes to `findings`.
 * @param live the point at which HashKV is wanted; when null, or when the image is compacted further, its own end
 * @throws what `pace` rejects with, and Failure file-unreadable
 */
export async function readImage(
  image: Image,
  live: HashKv | null,
  findings: Findings,
  pace: (bytes: number) => Promise<void>,
): Promise<ImageReading> {
  const report = (place: string, reason: string) => findings.add('tree', place, reason);
  const window = new PageWindow(image.source, Math.min(windowBytes, image.source.size));
  const context: WalkContext = { image, window, reached: new PageMap(pagesPresent(image)), report, pace };
  const tree = new TreeWalk(context);
  const listed = await findings.unlessDamaged(new Float64Array(0), () =>
    readFreelist(image, context.reached),
  );

  const found: Bucket[] = [];
  const root = rootBucket(image);
  await tree.walk({
    bucket: root,
    flags: bucketElementFlag,
    visit: (stretch) => found.push(...bucketsIn(stretch)),
  });
  const byName = (name: string) => found.find((bucket) => bucket.name === name);
  const key = byName(bucketNames.key);
  if (key === undefined) report('the root', 'there is no bucket "key", so this is no database of etcd');
  const meta = await findings.unlessDamaged(noStoreMeta, () =>
    readStoreMeta(image, byName(bucketNames.meta)),
  );

  const point = pointOf(meta, live);
  const newest = await readNewest(context, key, point);
  const buckets: Record<string, number> = {};
  let keySpace = new KeySpace(point, newest, 0, () => {});
  let hash = 0;
  for (const bucket of found) {
    hash = crc32c(Buffer.from(bucket.name, 'latin1'), hash);
    const onRecord = (check: 'records' | 'revisions', stretch: Stretch, index: number, reason: string) =>
      findings.add(check, placeIn(image, bucket, stretch, index), reason);
    if (bucket === key) {
      keySpace = new KeySpace(point, newest, hash, onRecord);
      await tree.walk({ bucket, flags: 0, visit: (stretch) => keySpace.visit(stretch) });
      hash = keySpace.hash;
      buckets[bucket.name] = keySpace.records;
    } else {
      const small = new SmallBucket(bucket, hash, onRecord);
      await tree.walk({ bucket, flags: 0, visit: small.visit });
      hash = small.hash;
      buckets[bucket.name] = small.pairs;
    }
  }
  const free = checkFreelist(image, context.reached, listed, report);
  const { liveKeys, revision } = keySpace;
  const pairs = Object.values(buckets).reduce((sum, count) => sum + count, 0);
  const size = image.meta.pages * image.pageSize;
  const status = { hash, revision, pairs, liveKeys, size, storageVersion: meta.storageVersion };
  return { meta, key, point, keySpace, status, pages: { total: image.meta.pages, free }, buckets };
}

/** HashKV at the live member's point if the image still has what it takes, else at the image's own end. */
function pointOf(meta: StoreMeta, live: HashKv | null): KeySpacePoint {
  const finished = meta.finishedCompaction;
  const scheduled = Math.max(meta.scheduledCompaction, finished);
  if (live === null || live.compactRevision < scheduled || live.revision < live.compactRevision)
    return { revision: Number.POSITIVE_INFINITY, compactRevision: scheduled, scheduled, finished };
  return { revision: live.revision, compactRevision: live.compactRevision, scheduled, finished };
}

/** The first pass, over the right edge of `key`. What is damaged there is found again by the second. */
async function readNewest(
  context: WalkContext,
  key: Bucket | undefined,
  point: KeySpacePoint,
): Promise<NewestRecords> {
  const pass = new NewestPass(point);
  if (key !== undefined && point.compactRevision >= 0) {
    const reached = new PageMap(pagesPresent(context.image));
    const silent = { ...context, reached, report: () => {}, pace: () => context.pace(0) };
    const from = formatRevision({ main: point.finished + 1, sub: 0, tombstone: false });
    await new TreeWalk(silent).walk({ bucket: key, flags: 0, visit: (stretch) => pass.visit(stretch), from });
  }
  return pass.newest;
}

function bucketsIn(stretch: Stretch): Bucket[] {
  return [...stretchEntries(stretch)].flatMap(([, { key, value }]) => parseBucket(key, value) ?? []);
}

function placeIn(image: Image, bucket: Bucket, stretch: Stretch, index: number): string {
  const { page } = stretch.leaf;
  const element = stretch.first + index;
  const place = placeOfBucket(bucket.name);
  return page === 0
    ? `${place}, element ${element}`
    : `${placeOf(page, image.pageSize, element)} of ${place}`;
}
