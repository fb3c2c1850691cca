import { createHash, randomBytes } from 'node:crypto';
import { contentSha256 } from '@holdfast/etcd/datadir';
import { parseInitialCluster } from '@holdfast/model';

/**
 * A cluster token that nobody has used: the restored cluster gets an id of its own, and a member of the old one that
 * still runs cannot join it, nor the other way round.
 */
export function uniqueToken(): string {
  return `holdfast-${randomBytes(8).toString('hex')}`;
}

/**
 * The token that separate runs agree on without being told one: made of the snapshot's content and of the cluster's
 * members, in whatever order these are given.
 *
 * @throws Failure file-unreadable; RangeError when `initialCluster` is not of its form
 */
export async function agreedToken(file: string, initialCluster: string): Promise<string> {
  const members = parseInitialCluster(initialCluster)
    .map(({ name, peerUrls }) => `${name}=${peerUrls.toSorted().join('+')}`)
    .toSorted();
  const hash = createHash('sha256').update([await contentSha256(file), ...members].join('\n'));
  return `holdfast-${hash.digest('hex').slice(0, 16)}`;
}
