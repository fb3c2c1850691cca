import { Failure } from '@holdfast/base';
import { openFileSource } from '@holdfast/etcd/bolt';
import { readPosition } from '@holdfast/etcd/snapshot';
import { newestVerified, type RestoreSource } from '@holdfast/model';
import type { Repository, SnapshotEntry } from '@holdfast/repository';
import type { VerbContext } from '../../context.ts';
import { fileSha256 } from '../file-sha256.ts';
import type { FoundMember } from './sight.ts';
import type { TriageRequest } from './request.ts';

/** The snapshot that a restore would use. */
export interface FoundSnapshot {
  /** A name in the repository, or the path of a file. */
  readonly name: string;
  readonly path: string;
  readonly revision: number;
  readonly size: number;
  readonly takenAt: string | null;
  /** By the manifest; null for a file, which has none. */
  readonly sha256: string | null;
  /** etcd's id of the cluster that it was taken from; null for a file. */
  readonly etcdId: string | null;
}

/**
 * The snapshot that is named, else the newest verified one of this cluster. Without one, why there is none.
 *
 * @throws Failure snapshot-missing, snapshot-damaged, cluster-missing, cluster-ambiguous, not-a-snapshot, file-unreadable,
 *   manifest-damaged; usage for a name without a repository
 */
export async function findSnapshot(
  request: TriageRequest,
  members: readonly FoundMember[],
): Promise<FoundSnapshot | { readonly why: string }> {
  const { repository, snapshot, file, repositoryCluster } = request;
  if (file !== undefined) return await ofFile(file);
  if (repository === undefined) {
    if (snapshot !== undefined)
      throw new Failure('usage', `no repository is named that could hold ${snapshot}`);
    return { why: 'no repository is named' };
  }
  if (snapshot !== undefined) return ofEntry(await repository.snapshot(snapshot, repositoryCluster));
  const cluster = await clusterOf(repository, request, members);
  if (cluster === undefined) return { why: `${repository.location} holds no cluster` };
  const { snapshots } = await repository.snapshots(cluster);
  const name = newestVerified(snapshots);
  const entry = snapshots.find((each) => each.name === name);
  if (entry !== undefined) return ofEntry(entry);
  const newest = snapshots.at(-1);
  if (newest === undefined) return { why: `${repository.location} holds no snapshot of this cluster` };
  const fault =
    newest.state === 'verified' ? 'degraded' : newest.state === 'stored' ? 'not verified' : 'damaged';
  return { why: `${repository.location} holds no proven one: ${newest.name} is ${fault}` };
}

/** As a plan has it. The file without a manifest is read from end to end for its hash. */
export async function sourceOf(
  context: VerbContext,
  { name, path, revision, size, takenAt, sha256 }: FoundSnapshot,
): Promise<Extract<RestoreSource, { kind: 'snapshot' }>> {
  const hash = sha256 ?? (await fileSha256(context, path, 'hash', size)).sha256;
  return { kind: 'snapshot', label: name, path, sha256: hash, size, revision, takenAt };
}

/** The one that is named; else of the described name; else of the etcd that was found; else the only one. */
async function clusterOf(
  repository: Repository,
  { repositoryCluster, description }: TriageRequest,
  members: readonly FoundMember[],
): Promise<string | undefined> {
  if (repositoryCluster !== undefined) return repositoryCluster;
  const clusters = await repository.clusters();
  const named = clusters.find(({ name }) => name === description.name);
  if (named !== undefined || clusters.length < 2) return (named ?? clusters[0])?.id;
  const ids = new Set(members.flatMap(({ sight }) => sight.clusterId ?? []));
  const { snapshots } = await repository.snapshots();
  const known = new Set(
    snapshots.filter(({ manifest }) => ids.has(manifest.cluster.etcdId)).map(({ cluster }) => cluster.id),
  );
  const [only] = known;
  if (only !== undefined && known.size === 1) return only;
  const names = clusters.map(({ name }) => name).join(', ');
  throw new Failure('cluster-ambiguous', `none of ${names} is called ${description.name}`);
}

function ofEntry({ name, path, state, damage, manifest }: SnapshotEntry): FoundSnapshot {
  if (state === 'damaged') {
    throw new Failure('snapshot-damaged', damage ?? 'its newest verification failed', { name });
  }
  const { size, sha256 } = manifest.content;
  const { revision, times, cluster } = manifest;
  // The image is of the moment when the stream began.
  return { name, path, revision, size, sha256, takenAt: times.startedAt, etcdId: cluster.etcdId };
}

async function ofFile(path: string): Promise<FoundSnapshot> {
  using source = openFileSource(path);
  const { revision } = await readPosition(source);
  return { name: path, path, revision, size: source.size, takenAt: null, sha256: null, etcdId: null };
}
