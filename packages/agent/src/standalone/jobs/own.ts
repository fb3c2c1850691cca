import { isFailure } from '@holdfast/base';
import { listSnapshots, orAborted } from '@holdfast/engine';
import type { Policy } from '@holdfast/model';
import type { JobPorts, OpenRepository } from '../ports.ts';
import { contextOf } from './context.ts';

type Listing = Awaited<ReturnType<typeof listSnapshots>>;
export type Entry = Listing['snapshots'][number];

/**
 * The snapshots of a policy in a repository, oldest first: of its own cluster alone, whatever policies others have there.
 *
 * @param clusterId as the last save found it; null where that is not known
 * @throws Failure what repositories throw; the signal's reason
 */
export async function ownSnapshots(
  ports: JobPorts,
  repository: OpenRepository,
  { policy, clusterId }: { readonly policy: Policy; readonly clusterId: string | null },
  signal: AbortSignal,
): Promise<Entry[]> {
  const listing = await orAborted(listed(ports, repository, policy.cluster, signal), signal);
  const named = listing.snapshots.filter(({ manifest }) => manifest.policy === policy.name);
  if (named.length === 0 || policy.cluster !== undefined) return named;
  const id = clusterId ?? (await clusterOf(ports, listing, named, signal));
  return named.filter(({ cluster }) => cluster.id === id);
}

async function listed(
  ports: JobPorts,
  repository: OpenRepository,
  cluster: string | undefined,
  signal: AbortSignal,
): Promise<Listing> {
  try {
    return await listSnapshots(contextOf(ports, signal), repository, cluster);
  } catch (error) {
    // Nothing was saved of it yet.
    if (!isFailure(error, 'cluster-missing')) throw error;
    return { clusters: [], snapshots: [], damaged: [], unfinished: [] };
  }
}

/** The cluster whose newest snapshot is of the same etcd; where etcd does not answer, the only one that is there. */
async function clusterOf(
  ports: JobPorts,
  { clusters }: Listing,
  named: readonly Entry[],
  signal: AbortSignal,
): Promise<string | undefined> {
  const etcdId = await liveId(ports, signal);
  if (etcdId === undefined) return clusters.length === 1 ? clusters[0]!.id : undefined;
  return named.findLast(({ manifest }) => manifest.cluster.etcdId === etcdId)?.cluster.id;
}

async function liveId(ports: JobPorts, signal: AbortSignal): Promise<string | undefined> {
  try {
    const client = await ports.connect();
    try {
      return (await orAborted(client.survey(), signal)).clusterId;
    } finally {
      await client[Symbol.asyncDispose]();
    }
  } catch (error) {
    signal.throwIfAborted();
    if (!isFailure(error)) throw error;
    return undefined;
  }
}
