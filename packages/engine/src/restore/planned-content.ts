import { Failure, isFailure } from '@holdfast/base';
import type { RestorePlan, RestoreSource } from '@holdfast/model';
import type { Repository, SnapshotEntry } from '@holdfast/repository';
import { fileContent, refuseUntrusted, storedContent, type SnapshotContent } from '../content/index.ts';

/** The snapshot that a plan restores. */
export type PlannedSnapshot = Extract<RestoreSource, { kind: 'snapshot' }>;

/** What is needed of a plan to find its snapshot again. */
type Planned = Pick<RestorePlan, 'cluster'> & { readonly source: PlannedSnapshot };

/**
 * Whether a stored snapshot is the one that a plan restores. Plans of before it was noted where it is stored have the
 * path of its file.
 */
export function isPlanned({ stored, path }: PlannedSnapshot, entry: SnapshotEntry): boolean {
  if (stored === undefined) return path !== null && entry.path === path;
  return entry.name === stored.name && entry.cluster.id === stored.clusterId;
}

/** The snapshot that a plan restores as this repository has it; undefined when it has it not. @throws what it throws */
export async function plannedEntry(
  source: PlannedSnapshot,
  repository: Repository,
): Promise<SnapshotEntry | undefined> {
  const { stored } = source;
  if (stored === undefined) {
    return (await repository.snapshots()).snapshots.find((each) => isPlanned(source, each));
  }
  try {
    return await repository.snapshot(stored.name, stored.clusterId);
  } catch (error) {
    if (isFailure(error, 'snapshot-missing') || isFailure(error, 'cluster-missing')) return undefined;
    throw error;
  }
}

/**
 * The content of the snapshot that a plan restores, found again. That its bytes are those of the plan shows when they are
 * read.
 *
 * @throws restore-refused where it has to be opened by its repository and none is given, or another one;
 *   manifest-untrusted; snapshot-damaged when it is not the one that was planned; manifest-damaged, what storages throw
 */
export async function plannedContent(
  { source, cluster }: Planned,
  repository: Repository | undefined,
): Promise<SnapshotContent> {
  const { path, stored, label: name, sha256 } = source;
  if (path !== null) return fileContent(path);
  if (stored === undefined) throw new Error('a snapshot has a path or is stored');
  const refused = (why: string): Failure => new Failure('restore-refused', why, { cluster: cluster.name });
  if (repository === undefined) {
    throw refused(
      `the snapshot ${name} is opened by its repository, and none is named: add --repo ${stored.repository}, and the key`,
    );
  }
  const entry = await plannedEntry(source, repository);
  if (entry === undefined) {
    throw refused(
      `${repository.location} has no snapshot ${name} any more; the plan was made with ${stored.repository}`,
    );
  }
  refuseUntrusted(entry);
  if (entry.manifest.content.sha256 !== sha256) {
    const why = `its content is said to be ${entry.manifest.content.sha256} now, and was ${sha256} when this was planned`;
    throw new Failure('snapshot-damaged', why, { name });
  }
  return storedContent(repository, entry);
}
