import { createHash } from 'node:crypto';
import { isFailure } from '@holdfast/base';
import { ManifestPlace, type FoundManifest } from '@holdfast/model';
import { openManifest, verifyManifest } from './envelope.ts';
import type { VerifyingKey } from './verifying-key.ts';

/**
 * What a chain's check needs to know of a stored manifest. It says nothing of itself when it cannot be read, when a
 * signature of a known key does not fit, or when the signature of its writer, whose key is known, is not there.
 *
 * @param folder the name of the snapshot's folder
 * @param keys all that are known, those that are revoked too: whether a signature counts is another question
 * @returns undefined for the manifest of a writer whose key is not known: it is in no chain that can be checked, and one
 * that it took the place of is missing
 */
export function foundManifest(
  folder: string,
  bytes: Uint8Array,
  keys: readonly VerifyingKey[],
): FoundManifest | undefined {
  const place = placeOf(bytes, keys);
  if (place === 'unknown writer') return undefined;
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  if (place === 'changed') return { folder, sha256, says: null };
  const { name, cluster, lineage } = place;
  return { folder, sha256, says: { name, cluster: cluster.id, ...lineage } };
}

function placeOf(
  bytes: Uint8Array,
  keys: readonly VerifyingKey[],
): ManifestPlace | 'changed' | 'unknown writer' {
  try {
    const envelope = openManifest(bytes, '');
    const place = ManifestPlace.safeParse(JSON.parse(envelope.payload.toString()));
    if (!place.success) return 'changed';
    const { signedBy, broken } = verifyManifest(envelope, keys);
    const { writer } = place.data.lineage;
    if (writer !== null && signedBy.includes(writer)) return place.data;
    if (broken.length > 0) return 'changed';
    if (writer === null) return place.data;
    return keys.some(({ keyid }) => keyid === writer) ? 'changed' : 'unknown writer';
  } catch (error) {
    if (isFailure(error, 'manifest-damaged')) return 'changed';
    throw error;
  }
}
