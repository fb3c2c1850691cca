import type { RestorePlan } from '@holdfast/model';
import type { EtcdCluster, KeyValue } from '@holdfast/test-servers';
import { proof } from './tell.ts';

/** A key with all that etcd knows of it. */
const shown = (kv: KeyValue): string =>
  [
    kv.key.toString('base64'),
    kv.value.toString('base64'),
    kv.createRevision,
    kv.modRevision,
    kv.version,
    kv.lease,
  ].join(' ');

/** All that a restored cluster must show; returns when a controller could work with it again. */
export async function proveRestored(
  cluster: EtcdCluster,
  keys: readonly KeyValue[],
  { when, revision }: { readonly when: string; readonly revision: number },
): Promise<void> {
  await proveKeys(cluster, keys, when);
  await proveWatcher(cluster, revision);
  const written = await proveWrites(cluster);
  await proveHashKv(cluster, written);
}

/** Every key as it was, with its revisions, version and lease. */
async function proveKeys(cluster: EtcdCluster, before: readonly KeyValue[], when: string): Promise<void> {
  const { keyValues } = await cluster.gateway().rangeAll();
  const equal = equalTo(before, keyValues);
  proof(
    equal === before.length && keyValues.length === before.length,
    `${equal} of ${before.length} keys as ${when}: value, create and mod revision, version, lease`,
  );
}

function equalTo(before: readonly KeyValue[], now: readonly KeyValue[]): number {
  const was = new Set(before.map(shown));
  return now.filter((kv) => was.has(shown(kv))).length;
}

/**
 * One HashKV on all members: they hold the same history.
 *
 * @param revision a written one: etcd 3.4 refuses to hash the very revision that it is compacted at
 */
async function proveHashKv(cluster: EtcdCluster, revision: number): Promise<void> {
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
async function proveWatcher(cluster: EtcdCluster, revision: number): Promise<void> {
  const answer = await cluster
    .ctl(['watch', '--prefix', '/registry/', `--rev=${revision}`])
    .catch((error: unknown) => String(error));
  proof(
    /compacted/.test(answer),
    `a watcher from revision ${revision}, before the disaster, is told: compacted`,
  );
}

/** Life goes on: returns the revision of a new write. */
async function proveWrites(cluster: EtcdCluster): Promise<number> {
  const { revision } = await cluster
    .gateway()
    .put('/registry/configmaps/default/after', 'written after the restore');
  proof(revision > 1_000_000_000, `writes go on, at revision ${revision}`);
  return revision;
}

/** What a plan found after the rollback: the survivor with its data of the disaster, the others with nothing. */
export function proveDisaster(
  { members, loss }: RestorePlan,
  before: { readonly revision: number; readonly loss: RestorePlan['loss'] },
): void {
  const [survivor, ...others] = members;
  proof(
    survivor?.sight.data === 'readable' &&
      survivor.sight.revision === before.revision &&
      others.every(({ sight }) => sight.data === 'absent') &&
      loss.revisions === before.loss.revisions,
    `the rollback left ${survivor?.name} at revision ${before.revision}, the others without data, as before`,
  );
}

/** The plan has said exactly what would be lost. */
export function proveLoss(
  { objects }: RestorePlan['loss'],
  { disaster, saved }: { readonly disaster: readonly KeyValue[]; readonly saved: readonly KeyValue[] },
): void {
  const [then, now] = [saved, disaster].map(
    (keys) => new Map(keys.map((kv) => [kv.key.toString(), shown(kv)])),
  );
  if (then === undefined || now === undefined) return;
  const created = [...now.keys()].filter((key) => !then.has(key)).length;
  const deleted = [...then.keys()].filter((key) => !now.has(key)).length;
  const changed = [...now].filter(([key, kv]) => then.has(key) && then.get(key) !== kv).length;
  proof(
    objects?.created === created && objects.changed === changed && objects.deleted === deleted,
    `lost is what the plan said: ${created} made, ${changed} changed, ${deleted} deleted since`,
  );
}
