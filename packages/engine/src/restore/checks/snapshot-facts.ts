import { openFileSource, openImage, readBuckets } from '@holdfast/etcd/bolt';
import { bucketNames, readSmallBucket } from '@holdfast/etcd/mvcc';
import { readPosition, type SnapshotPosition } from '@holdfast/etcd/snapshot';

/** A member as the snapshot lists it. */
export interface SnapshotMember {
  readonly name: string;
  readonly peerUrls: readonly string[];
  readonly isLearner: boolean;
}

/** What a snapshot's file tells of the cluster that it was taken from. */
export interface SnapshotFacts {
  readonly position: SnapshotPosition;
  readonly members: readonly SnapshotMember[];
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
    const entries = async (name: string): Promise<ReadonlyMap<string, Uint8Array>> => {
      const bucket = buckets.get(name);
      return bucket === undefined ? new Map() : await readSmallBucket(image, bucket);
    };
    const members = [...(await entries(bucketNames.members)).values()].map(readMember);
    return { position, members, auth: (await entries(bucketNames.auth)).get('authEnabled')?.[0] === 1 };
  } finally {
    source.close();
  }
}

/** A member is JSON (etcd's membership.Member); the numbers in it are of no interest. */
function readMember(value: Uint8Array): SnapshotMember {
  const { name, peerURLs, isLearner } = parsed(value);
  return {
    name: typeof name === 'string' ? name : '',
    peerUrls: Array.isArray(peerURLs) ? peerURLs.map(String) : [],
    isLearner: isLearner === true,
  };
}

/** What is no JSON is what check P1 fails on; here it is a member of whom nothing is known. */
function parsed(value: Uint8Array): { name?: unknown; peerURLs?: unknown; isLearner?: unknown } {
  try {
    return (JSON.parse(Buffer.from(value).toString()) as object | null) ?? {};
  } catch {
    return {};
  }
}
