import { Failure } from '@holdfast/base';
import type { Repository } from '@holdfast/repository';
import type { VerbContext } from '../context.ts';
import type { SnapshotChoice } from './show.ts';

/** What bears a snapshot's name and cannot be restored by it: it has no manifest, or none that can be read. */
export interface Remains {
  readonly clusterId: string;
  readonly name: string;
  /** What is wrong with it. */
  readonly why: string;
}

/**
 * Deletes what an unfinished save or a lost manifest left under a name, and says what it was. A snapshot is not
 * touched by this, even a damaged one.
 *
 * @throws snapshot-missing, cluster-missing, cluster-ambiguous, snapshot-pinned, snapshot-busy, file-unwritable
 */
export async function deleteRemains(
  context: VerbContext,
  repository: Repository,
  request: SnapshotChoice & { readonly dryRun?: boolean },
): Promise<Remains> {
  const { name, cluster } = request;
  const { snapshots, damaged, unfinished } = await repository.snapshots(cluster);
  const whole = new Set(snapshots.filter((each) => each.name === name).map((each) => each.cluster.id));
  const [remains, ...more] = [
    ...unfinished.map((each) => ({ ...each, why: 'it was never finished' })),
    ...damaged.map((each) => ({ ...each, why: each.failure.why })),
  ].filter((each) => each.name === name && !whole.has(each.clusterId));
  if (remains === undefined) {
    throw new Failure('snapshot-missing', 'nothing unfinished or unreadable bears this name', { name });
  }
  const { clusterId, why } = remains;
  if (more.some((each) => each.clusterId !== clusterId)) {
    throw new Failure('cluster-ambiguous', `several clusters have something left of ${name}`, { name });
  }
  if (await repository.isPinned({ name, cluster: { id: clusterId } })) {
    throw new Failure('snapshot-pinned', 'what is left of it has a pin', { name });
  }
  context.signal.throwIfAborted();
  if (request.dryRun !== true) await repository.deleteSnapshot(clusterId, name);
  return { clusterId, name, why };
}
