import { Failure } from '@holdfast/base';
import { openFileSource } from '@holdfast/etcd/bolt';
import { readPosition } from '@holdfast/etcd/snapshot';
import { newestVerified } from '@holdfast/model';
import type { Repository, SnapshotEntry } from '@holdfast/repository';
import type { VerbContext } from '../../context.ts';
import { contentSha256, fileContent, refuseDamaged, refuseUntrusted } from '../../content/index.ts';
import type { PlannedSnapshot } from '../planned-content.ts';
import type { FoundMember } from './sight.ts';
import type { TriageRequest } from './request.ts';

/** The snapshot that a restore would use. */
export interface FoundSnapshot {
  /** A name in the repository, or the path of a file. */
  readonly name: string;
  /** Its plain file; null where only the repository opens it. */
  readonly path: string | null;
  /** Where it is stored; null for a file. */
  readonly stored: NonNullable<PlannedSnapshot['stored']> | null;
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
 * @throws Failure snapshot-missing, snapshot-damaged, manifest-untrusted, cluster-missing, cluster-ambiguous,
 *   not-a-snapshot, file-unreadable, manifest-damaged; usage for a name without a repository
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
  if (snapshot !== undefined)
    return ofEntry(repository, await repository.snapshot(snapshot, repositoryCluster));
  const cluster = await clusterOf(repository, request, members);
  if (cluster === undefined) return { why: `${repository.location} holds no cluster` };
  const { snapshots } = await repository.snapshots(cluster);
  const name = newestVerified(snapshots);
  const entry = snapshots.find((each) => each.name === name);
  if (entry !== undefined) return ofEntry(repository, entry);
  const newest = snapshots.at(-1);
  if (newest === undefined) return { why: `${repository.location} holds no snapshot of this cluster` };
  const fault = !newest.trust.trusted
    ? `not trusted (${newest.trust.why})`
    : newest.state === 'verified'
      ? 'degraded'
      : newest.state === 'stored'
        ? 'not verified'
        : 'damaged';
  return { why: `${repository.location} holds no proven one: ${newest.name} is ${fault}` };
}

/** As a plan has it. The file without a manifest is read from end to end for its hash. */
export async function sourceOf(
  context: VerbContext,
  { name, path, stored, revision, size, takenAt, sha256 }: FoundSnapshot,
): Promise<PlannedSnapshot> {
  const hash = sha256 ?? (await contentSha256(context, fileContent(path ?? name), 'hash', size)).sha256;
  return {
    kind: 'snapshot',
    label: name,
    path,
    ...(stored !== null && { stored }),
    sha256: hash,
    size,
    revision,
    takenAt,
  };
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
    snapshots
      .filter(({ manifest: { cluster } }) => cluster.etcdId !== null && ids.has(cluster.etcdId))
      .map(({ cluster }) => cluster.id),
  );
  const [only] = known;
  if (only !== undefined && known.size === 1) return only;
  const names = clusters.map(({ name }) => name).join(', ');
  throw new Failure('cluster-ambiguous', `none of ${names} is called ${description.name}`);
}

function ofEntry(repository: Repository, entry: SnapshotEntry): FoundSnapshot {
  const { name, plainFile, manifest } = entry;
  refuseUntrusted(entry);
  refuseDamaged(entry);
  const { size, sha256 } = manifest.content;
  const { revision, times, cluster } = manifest;
  // The image is of the moment when the stream began.
  return {
    name,
    path: plainFile,
    stored: { repository: repository.location, clusterId: entry.cluster.id, name },
    revision,
    size,
    sha256,
    takenAt: times.startedAt,
    etcdId: cluster.etcdId,
  };
}

async function ofFile(path: string): Promise<FoundSnapshot> {
  using source = openFileSource(path);
  const { revision } = await readPosition(source);
  const unknown = { stored: null, takenAt: null, sha256: null, etcdId: null };
  return { name: path, path, revision, size: source.size, ...unknown };
}
