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

/** A file whose image is hashed, or the SHA-256 of an image in hexadecimal: of a snapshot without its trailer. */
type Hashed = { readonly file: string } | { readonly imageSha256: string };

/**
 * The token that separate runs agree on without being told one: made of the snapshot's content and of the cluster's
 * members, in whatever order these are given.
 *
 * @throws Failure file-unreadable; RangeError when `initialCluster` is not of its form
 */
export async function agreedToken(content: Hashed, initialCluster: string): Promise<string> {
  const members = parseInitialCluster(initialCluster)
    .map(({ name, peerUrls }) => `${name}=${peerUrls.toSorted().join('+')}`)
    .toSorted();
  const sha256 = 'imageSha256' in content ? content.imageSha256 : await contentSha256(content.file);
  const hash = createHash('sha256').update([sha256, ...members].join('\n'));
  return `holdfast-${hash.digest('hex').slice(0, 16)}`;
}
