import { formatHex64, parseHex64 } from '@holdfast/base';
import type { OldMember } from '@holdfast/model';
import { openImage, readBuckets, type ByteSource } from '../bolt/index.ts';
import { bucketNames, readSmallBucket } from '../mvcc/index.ts';

/**
 * The members of the cluster, as a database lists them.
 *
 * @returns none for a database without the list
 * @throws Failure not-a-snapshot, file-unreadable
 */
export async function readListedMembers(source: ByteSource): Promise<OldMember[]> {
  const image = await openImage(source);
  const bucket = (await readBuckets(image)).get(bucketNames.members);
  if (bucket === undefined) return [];
  return [...(await readSmallBucket(image, bucket))].map(([key, value]) => readMember(key, value));
}

/** The key is the id in hexadecimal, the value JSON (etcd's membership.Member), whose numbers are too large for one. */
function readMember(key: string, value: Uint8Array): OldMember {
  const { name, peerURLs, isLearner } = parsed(value);
  return {
    id: formatHex64(parseHex64(key) ?? 0n),
    name: typeof name === 'string' ? name : '',
    peerUrls: Array.isArray(peerURLs) ? peerURLs.map(String) : [],
    isLearner: isLearner === true,
  };
}

/** What is no JSON is what a verification fails on; here it is a member of whom nothing is known. */
function parsed(value: Uint8Array): { name?: unknown; peerURLs?: unknown; isLearner?: unknown } {
  try {
    return (JSON.parse(Buffer.from(value).toString()) as object | null) ?? {};
  } catch {
    return {};
  }
}
