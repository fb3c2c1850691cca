import { createHash } from 'node:crypto';
import { formatHex64 } from '@holdfast/base';
import type { InitialMember } from '@holdfast/model';

/** A member of a cluster about to be born. */
export interface NewMember {
  readonly id: bigint;
  readonly name: string;
  /** Sorted, as etcd keeps them. */
  readonly peerUrls: readonly string[];
}

/** A cluster about to be born: its id, and its members by ascending id. */
export interface NewCluster {
  readonly id: bigint;
  readonly members: readonly NewMember[];
}

/**
 * Gives a cluster and its members their ids as etcd does at bootstrap (membership.NewClusterFromURLsMap): a member's
 * is made of its peer URLs and the cluster's token, the cluster's of its members'. So the same URLs with the same
 * token are the same cluster again, and only a new token keeps old members out.
 *
 * @throws RangeError when two members come out with one id
 */
export function newCluster(members: readonly InitialMember[], token: string): NewCluster {
  const known = members
    .map(({ name, peerUrls }): NewMember => {
      const sorted = peerUrls.toSorted(byBytes);
      return { id: idOf(Buffer.from(sorted.join('') + token)), name, peerUrls: sorted };
    })
    .toSorted((a, b) => (a.id < b.id ? -1 : 1));
  const ids = Buffer.alloc(8 * known.length);
  for (const [i, { id }] of known.entries()) {
    if (id === known[i + 1]?.id) throw new RangeError(`two members have the id ${formatHex64(id)}`);
    ids.writeBigUInt64BE(id, 8 * i);
  }
  return { id: idOf(ids), members: known };
}

/** URLs of both lists are the same, in whatever order. */
export function sameUrls(a: readonly string[], b: readonly string[]): boolean {
  const other = b.toSorted(byBytes);
  return a.length === b.length && a.toSorted(byBytes).every((url, i) => url === other[i]);
}

function byBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

function idOf(bytes: Uint8Array): bigint {
  return createHash('sha1').update(bytes).digest().readBigUInt64BE(0);
}
