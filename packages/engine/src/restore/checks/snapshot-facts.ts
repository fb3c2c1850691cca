import { openFileSource, openImage, readBuckets } from '@holdfast/etcd/bolt';
import { bucketNames, readSmallBucket } from '@holdfast/etcd/mvcc';
import { readListedMembers, readPosition, type SnapshotPosition } from '@holdfast/etcd/snapshot';
import type { OldMember } from '@holdfast/model';

/** What a snapshot's file tells of the cluster that it was taken from. */
export interface SnapshotFacts {
  readonly position: SnapshotPosition;
  readonly members: readonly OldMember[];
  /** Whether etcd asks for a login once it runs from this. */
  readonly auth: boolean;
}

/** Reads the few pages that tell them. @throws Failure not-a-snapshot, file-unreadable */
export async function readSnapshotFacts(path: string): Promise<SnapshotFacts> {
  const source = openFileSource(path);
  try {
    const position = await readPosition(source);
    const image = await openImage(source);
    const buckets = await readBuckets(image);
    const auth = buckets.get(bucketNames.auth);
    const logins = auth === undefined ? undefined : await readSmallBucket(image, auth);
    const members = await readListedMembers(source);
    return { position, members, auth: logins?.get('authEnabled')?.[0] === 1 };
  } finally {
    source.close();
  }
}
