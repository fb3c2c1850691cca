import { damaged, lastEntry, type Bucket, type Image, type LeafElement } from '../bolt/index.ts';
import { formatRevision, metaKeys, parseRevision } from '../mvcc/index.ts';
import type { Pairs } from './db-pairs.ts';

/**
 * The store's revision, 0 when nothing was ever written: of its last record, or of the last compaction, which in older
 * versions removes the tombstone that was the last record.
 */
export async function latestRevision(image: Image, bucket: Bucket, meta: Pairs): Promise<number> {
  const last = await lastEntry(image, bucket);
  const keys = [last?.key, meta.get(metaKeys.scheduledCompaction), meta.get(metaKeys.finishedCompaction)];
  return keys.reduce((latest, key) => {
    if (key === undefined) return latest;
    const revision = parseRevision(key);
    if (revision === null)
      throw damaged(image.source, 'the last record or compaction', 'its key is no revision');
    return Math.max(latest, revision.main);
  }, 0);
}

/** The put of an empty key at `revision`: the record with which etcdutl's --bump-revision moves the revision too. */
export function phantomAt(revision: number): LeafElement {
  return {
    flags: 0,
    key: formatRevision({ main: revision, sub: 0, tombstone: false }),
    value: new Uint8Array(),
  };
}
