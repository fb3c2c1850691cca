import type { SnapshotManifest, StatusFigures } from '@holdfast/model';

/**
 * The figures of `etcdutl snapshot status` as the etcd that the snapshot came from prints them: the hash as
 * hexadecimal without padding; "total keys" are the pairs of all buckets up to 3.5 and the live keys from 3.6 on, which
 * also prints the storage version ('' before a fresh store has got one).
 */
export function etcdFigures(figures: StatusFigures, manifest: SnapshotManifest) {
  const [major = 0, minor = 0] = manifest.versions.etcd.split('.').map(Number);
  const since36 = major > 3 || minor >= 6;
  return {
    hash: figures.hash.toString(16),
    revision: figures.revision,
    totalKeys: since36 ? figures.liveKeys : figures.pairs,
    totalSize: figures.size,
    ...(since36 && { version: figures.storageVersion ?? '' }),
    pairs: figures.pairs,
    liveKeys: figures.liveKeys,
  };
}
