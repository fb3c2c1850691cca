import type { Repository, SnapshotEntry } from '@holdfast/repository';
import { readCompanions } from '../companions/index.ts';
import { storedContent } from '../content/index.ts';
import type { GivenBackForm, GivenBackTo } from './file-name.ts';
import { extraMetadata, rkeState } from './what-it-holds.ts';

/** What else a system's tool looks for. Secret. */
interface Beside {
  /** A file in the folder `.metadata`, under the name of the snapshot's. */
  readonly metadata?: Uint8Array | undefined;
  /** The state of an RKE cluster, which lies in the same zip. */
  readonly state?: Uint8Array | undefined;
}

/**
 * Finds what belongs beside a snapshot for one system, in the snapshot itself or among its companions.
 *
 * @throws not-a-snapshot where the snapshot cannot be read for it; key-missing, key-not-matching, object-damaged, and what
 *   storages throw; the signal's reason
 */
export async function besideOf(
  repository: Repository,
  entry: SnapshotEntry,
  { as, form }: { readonly as: GivenBackTo; readonly form: GivenBackForm },
  signal: AbortSignal,
): Promise<Beside> {
  const content = storedContent(repository, entry);
  if (as === 'k3s' || as === 'rke2') return { metadata: await extraMetadata(content, as, signal) };
  if (as !== 'rke' || form !== 'zip') return {};
  const state = (await rkeState(content, signal)) ?? (await stateAmongCompanions(repository, entry));
  return { state };
}

/** Old saves of RKE leave one each behind on the node; the last one written is of today's cluster. */
async function stateAmongCompanions(
  repository: Repository,
  entry: SnapshotEntry,
): Promise<Uint8Array | undefined> {
  const stream = repository.readCompanions(entry);
  if (stream === undefined) return undefined;
  const { files } = await readCompanions(stream, { path: `the companions of ${entry.name}` });
  return files
    .filter(({ file }) => file.path.endsWith('.rkestate'))
    .toSorted((a, b) => a.file.modifiedAt.localeCompare(b.file.modifiedAt))
    .at(-1)?.content;
}
