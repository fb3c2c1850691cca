import type { Check, HashKv } from '@holdfast/model';
import { crc32c } from '../crc32c/index.ts';
import type { Image } from '../bolt/index.ts';
import { bucketNames, readRecords } from '../mvcc/index.ts';
import type { ImageReading } from './image-reading.ts';

/** HashKV as computed from an image. */
export interface ComputedHashKv {
  readonly hashKv: HashKv;
  /** Each hash that some version of etcd gives for these records at that point; mostly one. */
  readonly possible: readonly number[];
  /** The member may hash other records than the image holds, as far as it has compacted since: no match says nothing. */
  readonly unsettled: boolean;
  /** The store's current revision in the image. */
  readonly lastRevision: number;
}

/**
 * Takes HashKV from a reading without damage. Where no key is live etcd filters nothing, so the records are hashed
 * again, and then a deletion in the compacted revision itself counts up to etcd 3.4.33 and 3.5.15, and not later. Only
 * where a later etcd hashes while it compacts, a deletion in the last revision has it filter after all.
 */
export async function computeHashKv(
  image: Image,
  { keySpace, point, key }: ImageReading,
): Promise<ComputedHashKv> {
  const { compactRevision } = point;
  const lastRevision = Math.max(1, keySpace.revision, compactRevision);
  const revision = Math.min(point.revision, lastRevision);
  const unfiltered = compactRevision >= 0 && keySpace.liveThen === 0;
  let possible = [keySpace.hashKv];
  if (unfiltered && key !== undefined) {
    let later = crc32c(Buffer.from(bucketNames.key));
    let earlier = later;
    for await (const { main, tombstone, revisionKey, record } of readRecords(image, key)) {
      if (main > revision) break;
      earlier = crc32c(record, crc32c(revisionKey, earlier));
      if (!tombstone || main !== compactRevision) later = crc32c(record, crc32c(revisionKey, later));
    }
    possible = [later, earlier, keySpace.hashKv];
  }
  const unsettled = unfiltered && compactRevision > point.finished;
  return { hashKv: { revision, compactRevision, hash: possible[0]! }, possible, unsettled, lastRevision };
}

/**
 * Compares with the live member's hash.
 * @param computed null when the records could not be read in full
 * @param live null when none was recorded
 */
export function checkHashKv(computed: ComputedHashKv | null, live: HashKv | null): Check {
  if (computed === null) return said('skipped', 'the records could not be read in full');
  const { hashKv, possible, unsettled, lastRevision } = computed;
  const at = `${pointOf(hashKv)}, it is ${hashKv.hash}`;
  if (live === null) return said('skipped', `no hash of a live member was recorded; ${at}`);
  const theirs = `the live member's is ${pointOf(live)}`;
  if (live.revision > lastRevision)
    return said('failed', `${theirs}, but the image ends at revision ${lastRevision}`);
  if (live.revision !== hashKv.revision || live.compactRevision !== hashKv.compactRevision)
    return said(
      'skipped',
      `${theirs}: too early for an image that is compacted up to ${hashKv.compactRevision}`,
    );
  if (possible.includes(live.hash)) return said('passed', `${at}, as on the live member`);
  return unsettled
    ? said(
        'skipped',
        `${at}; the live member compacted since, and with no key alive its hash cannot be compared`,
      )
    : said('failed', `${at}, but ${live.hash} on the live member`);
}

function pointOf({ revision, compactRevision }: HashKv): string {
  const compacted = compactRevision < 0 ? 'never compacted' : `compacted up to ${compactRevision}`;
  return `at revision ${revision}, ${compacted}`;
}

function said(outcome: Check['outcome'], detail: string): Check {
  return { check: 'hashkv', outcome, detail };
}
