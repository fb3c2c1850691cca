import { Failure, isFailure } from '@holdfast/base';
import type { Repository, SnapshotEntry } from '@holdfast/repository';
import type { MemberDescription, SnapshotManifest } from '@holdfast/model';
import type { VerbContext } from '../../context.ts';
import { saveSnapshot } from '../../save/index.ts';
import type { ClusterStepOrder } from './order.ts';
import { repositoryCluster } from './repository-cluster.ts';

/** What to save, and under which name. */
interface Saving {
  readonly repository: Repository;
  readonly members: readonly MemberDescription[];
  readonly name: string;
  readonly allowDegraded: boolean;
  readonly trigger: SnapshotManifest['trigger'];
}

/**
 * Saves a snapshot of this name from one of the members; one that a crash has left of the same step is taken as it is.
 *
 * @throws Failure as saveSnapshot does
 */
export async function saveOnce(
  context: VerbContext,
  order: ClusterStepOrder,
  { repository, members, name, allowDegraded, trigger }: Saving,
): Promise<SnapshotEntry> {
  const cluster = await repositoryCluster(order, repository);
  const stored = (await repository.snapshots()).snapshots.find(
    (each) => each.name === name && (each.cluster.id === cluster || each.cluster.name === cluster),
  );
  if (stored !== undefined) return stored;
  await using client = order.connect(members.flatMap(({ clientUrls }) => clientUrls));
  const within = { ...context, signal: order.endOfStep };
  const destinations = [{ name: repository.location, repository, required: true }];
  const options = { client, destinations, cluster, name, allowDegraded, trigger };
  return (await saveSnapshot(within, options)).snapshot;
}

/**
 * The reason in words why nothing was saved, be it that the time of the step is over.
 *
 * @throws what is no reason to go on without: that a person has stopped the restore, or a bug
 */
export function reasonOf({ endOfStep }: ClusterStepOrder, error: unknown): string {
  if (stops.some((code) => isFailure(endOfStep.reason, code))) throw endOfStep.reason;
  if (isFailure(error)) return `${error.message}: ${error.why}`;
  throw error;
}

/** How a process is told to end. */
const stops = ['interrupted', 'terminated'] as const;

/** What the evidence of a saved snapshot is. */
export function savedEvidence({ name, manifest, state }: SnapshotEntry): {
  name: string;
  revision: number;
  state: SnapshotEntry['state'];
} {
  if (state === 'damaged') throw new Failure('snapshot-damaged', 'its verification failed', { name });
  return { name, revision: manifest.revision, state };
}
