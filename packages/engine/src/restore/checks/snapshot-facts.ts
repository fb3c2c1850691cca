import { openImage, readBuckets } from '@holdfast/etcd/bolt';
import { bucketNames, readSmallBucket } from '@holdfast/etcd/mvcc';
import { readListedMembers, readPosition, type SnapshotPosition } from '@holdfast/etcd/snapshot';
import type { OldMember } from '@holdfast/model';
import type { SnapshotContent } from '../../content/index.ts';

/** What a snapshot's file tells of the cluster that it was taken from. */
export interface SnapshotFacts {
  readonly position: SnapshotPosition;
  readonly members: readonly OldMember[];
  /** Whether etcd asks for a login once it runs from this. */
  readonly auth: boolean;
}

/** Reads the few pages that tell them. @throws Failure not-a-snapshot; as the content */
export async function readSnapshotFacts(
  content: SnapshotContent,
  signal: AbortSignal,
): Promise<SnapshotFacts> {
  const source = await content.open(signal);
  try {
    const position = await readPosition(source);
    const image = await openImage(source);
    const buckets = await readBuckets(image);
    const auth = buckets.get(bucketNames.auth);
    const logins = auth === undefined ? undefined : await readSmallBucket(image, auth);
    const members = await readListedMembers(source);
    return { position, members, auth: logins?.get('authEnabled')?.[0] === 1 };
  } finally {
    await source.close();
  }
}
