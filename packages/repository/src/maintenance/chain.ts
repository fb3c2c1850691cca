import { isFailure, limits, type Clock, type Failure } from '@holdfast/base';
import {
  chainHeads,
  checkChain,
  type ChainFinding,
  type ChainHead,
  type FoundManifest,
  type RemovalRecord,
} from '@holdfast/model';
import { Commits } from '../commits.ts';
import { recall, remember } from '../keys/memory.ts';
import { clusterFolder, isCommittableKey, ownerOf } from '../layout.ts';
import { foundManifest } from '../manifest/index.ts';
import { counts, listRemovals, readRemoval } from '../removal-record.ts';
import type { Repository } from '../repository.ts';

/** The chains of a cluster's writers, as they are stored. */
export interface ReadChain {
  readonly found: readonly FoundManifest[];
  readonly removed: readonly RemovalRecord[];
  /** Records of removals that do not count, by their keys. */
  readonly forged: readonly { readonly key: string; readonly why: string }[];
}

/** What a client finds of the chains of a cluster. */
export interface CheckedChain extends Pick<ReadChain, 'forged'> {
  readonly findings: readonly ChainFinding[];
  /** Why the client could not remember what it saw. */
  readonly unremembered: Failure | undefined;
}

/**
 * Reads every manifest that is committed in a cluster, and every record of a removal. Where the record of commits is
 * lost, every manifest that is there.
 *
 * @throws what storages throw
 */
export async function readChain(
  { storage, ring }: Pick<Repository, 'storage' | 'ring'>,
  clock: Clock,
  clusterId: string,
): Promise<ReadChain> {
  const found: FoundManifest[] = [];
  for (const key of await manifestsOf({ storage, ring, clock }, clusterId)) {
    const folder = ownerOf(key).name;
    const bytes = folder === null ? undefined : await storage.get(key, limits.recordBytes);
    if (folder === null || bytes === undefined) continue;
    const manifest = foundManifest(folder, bytes, ring.trust.keys);
    if (manifest !== undefined) found.push(manifest);
  }
  const removed: RemovalRecord[] = [];
  const forged: { key: string; why: string }[] = [];
  for (const { key } of await listRemovals(storage, clusterId)) {
    const read = await readRemoval(storage, ring.trust, clusterId, key);
    if (counts(read)) removed.push(read);
    else if (read !== undefined && read !== 'stranger') forged.push({ key, why: read.fault });
  }
  return { found, removed, forged };
}

/**
 * Checks the chains of a cluster, against themselves and against what the client remembers; remembers what it saw where
 * nothing is wrong.
 *
 * @param memory the folder of the client's memory; nothing is remembered without
 * @throws memory-damaged, file-unreadable, what storages throw
 */
export async function checkStoredChain(
  repository: Pick<Repository, 'storage' | 'ring' | 'record'>,
  clock: Clock,
  clusterId: string,
  memory: string | undefined,
): Promise<CheckedChain> {
  const seen = memory === undefined ? [] : await headsOf(memory, repository.record.id, clusterId);
  const look = async () => {
    const chain = await readChain(repository, clock, clusterId);
    return {
      ...chain,
      findings: checkChain(clusterId, chain.found, { removed: chain.removed, heads: seen }),
    };
  };
  let looked = await look();
  // What was saved and removed between two reads looks like a hole; at the second look it does not.
  if (looked.findings.length > 0) looked = await look();
  const { found, removed, forged, findings } = looked;
  const heads = chainHeads(clusterId, found, removed);
  const news = memory !== undefined && findings.length === 0 && !areSame(heads, seen);
  if (!news) return { findings, forged, unremembered: undefined };
  try {
    await remember(memory, repository.record.id, (before) => ({
      ...before,
      heads: { ...before.heads, [clusterId]: heads },
    }));
  } catch (error) {
    if (!isFailure(error, 'file-unwritable') && !isFailure(error, 'disk-full')) throw error;
    return { findings, forged, unremembered: error };
  }
  return { findings, forged, unremembered: undefined };
}

async function headsOf(memory: string, repositoryId: string, clusterId: string): Promise<ChainHead[]> {
  return (await recall(memory, repositoryId)).heads[clusterId] ?? [];
}

function areSame(one: readonly ChainHead[], other: readonly ChainHead[]): boolean {
  const seen = new Set(one.map(({ sha256 }) => sha256));
  return (
    seen.size === new Set(other.map(({ sha256 }) => sha256)).size &&
    other.every((each) => seen.has(each.sha256))
  );
}

async function manifestsOf(
  place: Pick<Repository, 'storage' | 'ring'> & { readonly clock: Clock },
  clusterId: string,
): Promise<string[]> {
  // Looked at before the record of commits: it is there before the first manifest is.
  const keys: string[] = [];
  for await (const { key } of place.storage.list(`${clusterFolder(clusterId)}/snapshots`)) {
    if (isCommittableKey(key)) keys.push(key);
  }
  try {
    const committed = await new Commits(place, clusterId).committed();
    if (committed !== undefined) return [...committed.keys()];
  } catch (error) {
    // Whoever lists tells of it.
    if (!isFailure(error, 'manifest-damaged')) throw error;
  }
  return keys;
}
