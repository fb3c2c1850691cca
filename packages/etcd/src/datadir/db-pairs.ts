import { formatHex64 } from '@holdfast/base';
import { bucketNames, clusterKeys, formatRevision, metaKeys } from '../mvcc/index.ts';
import { firstTerm } from '../raft/messages.ts';
import type { EtcdForm } from './form.ts';
import { confStateJson, memberJson } from './membership/json.ts';
import type { NewCluster } from './membership/new-cluster.ts';

/** The pairs of a bucket; keys as Latin-1 texts, a character for a byte. */
export type Pairs = Map<string, Uint8Array>;

/**
 * The buckets that a restore writes anew, by name. Members are those of the new cluster; whom the old one had removed
 * is forgotten. In `meta` the raft position becomes that of the new log, which has one entry for each member: a lower
 * index and etcd rejects the db, a higher one and it skips the writes up to there. etcd's own tool leaves the old
 * voters in `confState`; the new ones are written here, since 3.6.0 to 3.6.4 know a db of 3.5 by it.
 *
 * @param compacted the revision up to which everything is to count as compacted
 */
export function changedPairs(
  cluster: NewCluster,
  form: EtcdForm,
  old: { readonly meta: Pairs; readonly cluster: Pairs },
  compacted: number | undefined,
): Map<string, Pairs> {
  const meta: Pairs = new Map(old.meta);
  meta.set(metaKeys.consistentIndex, bigEndian(cluster.members.length));
  if (form === '3.4') {
    for (const later of [metaKeys.term, metaKeys.confState, metaKeys.storageVersion]) meta.delete(later);
  } else {
    meta.set(metaKeys.term, bigEndian(firstTerm));
    meta.set(metaKeys.confState, Buffer.from(confStateJson(cluster.members.map((member) => member.id))));
  }
  if (compacted !== undefined) {
    meta.set(metaKeys.scheduledCompaction, formatRevision({ main: compacted, sub: 0, tombstone: false }));
  }
  const ofCluster: Pairs = new Map(old.cluster);
  if (downgradeIn(old.cluster) !== null) ofCluster.delete(clusterKeys.downgrade);
  const members = cluster.members.map((member): [string, Uint8Array] => [
    formatHex64(member.id),
    Buffer.from(memberJson(member)),
  ]);
  return new Map([
    [bucketNames.meta, meta],
    [bucketNames.cluster, ofCluster],
    [bucketNames.members, new Map(members)],
    [bucketNames.membersRemoved, new Map()],
  ]);
}

/**
 * The version that bucket `cluster` says its cluster is being downgraded to, or null. The new cluster has no such order:
 * with it no etcd 3.5 but the older one would start.
 */
export function downgradeIn(cluster: Pairs): string | null {
  const order = cluster.get(clusterKeys.downgrade);
  if (order === undefined) return null;
  const [, target = null] =
    /"target-version":"([^"]+)","enabled":true/.exec(Buffer.from(order).toString()) ?? [];
  return target;
}

function bigEndian(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  return bytes;
}
