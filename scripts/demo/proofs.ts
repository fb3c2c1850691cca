import type { EtcdCluster, KeyValue } from '@holdfast/test-servers';
import { proof } from './tell.ts';

const shown = (kv: KeyValue): string =>
  [
    kv.key.toString('base64'),
    kv.value.toString('base64'),
    kv.createRevision,
    kv.modRevision,
    kv.version,
    kv.lease,
  ].join(' ');

/** Every key as it was, with its revisions, version and lease. */
export async function proveKeys(cluster: EtcdCluster, before: readonly KeyValue[]): Promise<void> {
  const { keyValues } = await cluster.gateway().rangeAll();
  const was = new Set(before.map(shown));
  const equal = keyValues.filter((kv) => was.has(shown(kv))).length;
  proof(
    equal === before.length && keyValues.length === before.length,
    `${equal} of ${before.length} keys equal: value, create and mod revision, version, lease`,
  );
}

/**
 * One HashKV on all members: they hold the same history.
 *
 * @param revision a written one: etcd 3.4 refuses to hash the very revision that it is compacted at
 */
export async function proveHashKv(cluster: EtcdCluster, revision: number): Promise<void> {
  const hashes = await Promise.all(
    cluster.members.map(async (_, i) => {
      const member = cluster.gateway(i);
      // A linearizable read: the member has applied all that was written before.
      await member.range({ key: 'x' });
      return await member.hashKv(revision);
    }),
  );
  const [first] = hashes;
  proof(
    hashes.every((each) => each.hash === first?.hash && each.compactRevision === first.compactRevision),
    `HashKV ${first?.hash} at revision ${revision} on all ${hashes.length} members`,
  );
}

/** A controller that still watches from before the disaster must be told, or it would stay deaf for ever. */
export async function proveWatcher(cluster: EtcdCluster, revision: number): Promise<void> {
  const answer = await cluster
    .ctl(['watch', '--prefix', '/registry/', `--rev=${revision}`])
    .catch((error: unknown) => String(error));
  proof(
    /compacted/.test(answer),
    `a watcher from revision ${revision}, before the disaster, is told: compacted`,
  );
}

/** Life goes on: returns the revision of a new write. */
export async function proveWrites(cluster: EtcdCluster): Promise<number> {
  const { revision } = await cluster
    .gateway()
    .put('/registry/configmaps/default/after', 'written after the restore');
  proof(revision > 1_000_000_000, `writes go on, at revision ${revision}`);
  return revision;
}
