import type { SnapshotManifest, StatusFigures } from '@holdfast/model';

/**
 * The figures of `etcdutl snapshot status` as the etcd that the snapshot came from prints them: the hash as
 * hexadecimal without padding; "total keys" are the pairs of all buckets up to 3.5 and the live keys from 3.6 on.
 */
export function etcdFigures(figures: StatusFigures, manifest: SnapshotManifest) {
  const [major = 0, minor = 0] = manifest.versions.etcd.split('.').map(Number);
  const countsLiveKeys = major > 3 || minor >= 6;
  return {
    hash: figures.hash.toString(16),
    revision: figures.revision,
    totalKeys: countsLiveKeys ? figures.liveKeys : figures.pairs,
    totalSize: figures.size,
    ...(figures.storageVersion !== null && { version: figures.storageVersion }),
    pairs: figures.pairs,
    liveKeys: figures.liveKeys,
  };
}
