import { Failure } from '@holdfast/base';
import { snapshotNameFault, type Policy } from '@holdfast/model';
import type { Operation } from '@holdfast/model/fleet';
import { dueAnswer } from '../scheduler/next-times.ts';
import type { StoredCluster } from '../store/clusters.ts';
import type { ScheduledJob } from '../store/policies.ts';
import type { Tables } from '../store/store.ts';
import { newOperation, placeOf, type Making } from './new-operation.ts';
import type { Asker, Operations } from './operations.ts';

/** @throws Failure cluster-unknown */
export async function clusterOf(tables: Tables, id: string): Promise<StoredCluster> {
  const cluster = await tables.clusters.get(id);
  if (cluster === undefined)
    throw new Failure('cluster-unknown', 'it was never added, or was removed', { cluster: id });
  return cluster;
}

/** A save as it is asked for. @throws Failure cluster-unknown, repository-unknown, snapshot-name-invalid, no-repository */
export async function saveOf(
  tables: Tables,
  asker: Asker,
  wanted: Parameters<Operations['save']>[1],
  making: Making,
): Promise<Operation> {
  const { policy, repositories, name, scheduledFor } = wanted;
  const cluster = await clusterOf(tables, wanted.cluster);
  const named = repositories ?? (policy === null ? cluster.spec.repositories : null);
  const targets =
    named === null ? policy!.targets : named.map((repository) => ({ repository, required: true }));
  if (targets.length === 0)
    throw new Failure('no-repository', `cluster ${cluster.spec.name} has none`, { cluster: cluster.id });
  const places = targets.map(({ repository }) => repository);
  for (const repository of named ?? []) {
    if ((await tables.repositories.get(repository)) === undefined)
      throw new Failure('repository-unknown', 'it was never added, or was removed', { repository });
  }
  const fault = name === null ? undefined : snapshotNameFault(name);
  if (fault !== undefined) throw new Failure('snapshot-name-invalid', fault, { name });
  const until = policy === null ? null : untilOf(wanted.cluster, policy, 'save', scheduledFor, making.now);
  const input = { policy, targets: [...targets], name, place: await placeOf(tables, places), until };
  return newOperation(
    asker,
    { kind: 'save', cluster: cluster.id, policy: policy?.name ?? null, scheduledFor, input },
    making,
  );
}

/** A prune, check or drill of a policy. @throws Failure cluster-unknown */
export async function jobOf(
  tables: Tables,
  asker: Asker,
  kind: 'prune' | 'check' | 'drill',
  { cluster: id, policy, scheduledFor }: Parameters<Operations['job']>[2],
  making: Making,
): Promise<Operation> {
  const cluster = await clusterOf(tables, id);
  const places = policy.targets.map(({ repository }) => repository);
  const until = kind === 'prune' ? null : untilOf(id, policy, kind, scheduledFor, making.now);
  const input = { policy, place: await placeOf(tables, places), until };
  return newOperation(asker, { kind, cluster: cluster.id, policy: policy.name, scheduledFor, input }, making);
}

/** When the run after a scheduled one is due; null for one that nobody has scheduled. */
function untilOf(
  cluster: string,
  policy: Policy,
  job: ScheduledJob,
  scheduledFor: string | null,
  now: Date,
): string | null {
  if (scheduledFor === null) return null;
  const known = { cluster, policy, createdAt: scheduledFor, last: { [job]: scheduledFor } };
  const answer = dueAnswer(known, job, now);
  return answer.due ? null : answer.until;
}

/** Something that is done with a snapshot. @throws Failure cluster-unknown, snapshot-unknown */
export async function onSnapshotOf(
  tables: Tables,
  asker: Asker,
  kind: 'verify' | 'drill' | 'delete',
  wanted: Parameters<Operations['onSnapshot']>[2],
  making: Making,
): Promise<Operation> {
  const cluster = await clusterOf(tables, wanted.cluster);
  const snapshot = await tables.snapshots.get(cluster.id, wanted.snapshot);
  if (snapshot === undefined)
    throw new Failure('snapshot-unknown', 'the catalogue of its cluster does not have it', {
      snapshot: wanted.snapshot,
    });
  const { repository, repositoryCluster, name } = snapshot;
  const place = await placeOf(tables, [repository]);
  const input = {
    ...{ repository, cluster: repositoryCluster, snapshot: name, reason: wanted.reason },
    // Of a folder that only nodes have, it lies on the one that has saved it.
    place: place.standsIn ? { ...place, node: snapshot.node } : place,
  };
  return newOperation(asker, { kind, cluster: cluster.id, policy: null, input }, making);
}
