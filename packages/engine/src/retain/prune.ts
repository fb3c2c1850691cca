import { isFailure, limits, type Failure } from '@holdfast/base';
import { storedBytes } from '@holdfast/model';
import type { Repository } from '@holdfast/repository';
import { tryDeletion } from '../catalog/try-deletion.ts';
import type { VerbContext } from '../context.ts';
import { clearCutRemovals, type ClearedRemains } from './clear-cut-removals.ts';
import { previewAnew, previewRetention, type PreviewedSnapshot, type RetentionPreview } from './preview.ts';
import type { RetainRequest } from './retain-request.ts';

/** What a prune did with a snapshot. */
export interface PrunedSnapshot extends Omit<PreviewedSnapshot, 'fate'> {
  /**
   * `kept`; `marked`: now, to be deleted at `goesAt`; `waits`: marked before, and not yet due; `deleted`; `gone`:
   * somebody else was faster; `busy`: somebody else is at work on it; `failed`: it is still there, see `failure`.
   */
  readonly outcome: PreviewedSnapshot['fate'] | 'gone' | 'busy' | 'failed';
  /** Why what was to be done with it could not be done. */
  readonly failure: Failure | null;
}

/** What a prune did. */
export interface PruneResult extends Pick<RetentionPreview, 'at' | 'graceMs' | 'damaged'> {
  /** Newest first. */
  readonly snapshots: readonly PrunedSnapshot[];
  /** What an earlier prune had begun to remove, and this one has removed. */
  readonly cleared: readonly ClearedRemains[];
  /** Stored bytes of what was deleted. */
  readonly freedBytes: number;
}

/** What is about the whole repository: with the next snapshot it would be the same. */
const aboutAll = new Set([
  'repository-read-only',
  'signer-missing',
  'commits-missing',
  's3-permission',
  's3-credentials',
  's3-no-credentials',
  's3-unreachable',
  's3-tls',
  's3-clock',
  's3-bucket-missing',
]);

/**
 * Does what a preview says, in two cycles: what is not wanted is marked first, and deleted by a prune that is at least
 * the time of grace later and does not want it either. A mark of what is wanted again is taken off. Right before each
 * deletion it is decided anew, by what is there then. A failure with one does not keep the others, unless it is about the
 * whole repository; it stands in the result and is not thrown.
 *
 * @param preview what was shown to a person who agreed to it; made anew when absent
 * @throws as previewRetention, and the signal's reason; what was done until then is done
 */
export async function prune(
  context: VerbContext,
  repository: Repository,
  request: RetainRequest,
  preview?: RetentionPreview,
): Promise<PruneResult> {
  const plan = preview ?? (await previewRetention(context, repository, request));
  const { at, graceMs, damaged, unfinished } = plan;
  const clusterIds = new Set(plan.snapshots.map(({ entry }) => entry.cluster.id));
  const done = new Map<PreviewedSnapshot, PrunedSnapshot>();
  const pruning: Pruning = { context, repository, request, plan };
  let end = await refusal(repository, plan, request);
  // The oldest first: if it is cut short, what is newer is left.
  for (const each of plan.snapshots.toReversed()) {
    context.signal.throwIfAborted();
    const pruned =
      isSettled(each, request) || end === undefined
        ? await orFailed(each, () => carryOut(pruning, each))
        : failed(each, end);
    if (pruned.failure !== null && aboutAll.has(pruned.failure.code)) end = pruned.failure;
    done.set(each, pruned);
  }
  const remains = unfinished.filter(({ clusterId, busy }) => !busy && clusterIds.has(clusterId));
  const cleared = end === undefined ? await clearCutRemovals(context, repository, remains) : [];
  const snapshots = plan.snapshots.map((each) => done.get(each)!);
  const freed = snapshots
    .filter(({ outcome }) => outcome === 'deleted')
    .map(({ entry }) => storedBytes(entry.manifest));
  return { at, graceMs, damaged, snapshots, cleared, freedBytes: freed.reduce((sum, size) => sum + size, 0) };
}

/** Why nothing may be deleted, found out before anything is taken off a list; undefined when nothing is to be deleted. */
async function refusal(
  repository: Repository,
  { snapshots }: RetentionPreview,
  request: RetainRequest,
): Promise<Failure | undefined> {
  const first = snapshots.findLast(({ fate }) => fate === 'deleted');
  if (first === undefined) return undefined;
  try {
    await tryDeletion(repository, first.entry, markOf(request, first.reasons));
    return undefined;
  } catch (failure) {
    if (!isFailure(failure)) throw failure;
    return failure;
  }
}

/** Whether nothing has to be done with a snapshot, so that nothing can fail either. */
function isSettled({ entry, concerned, fate }: PreviewedSnapshot, { policy }: RetainRequest): boolean {
  // Another policy's mark is not ours to take off.
  if (fate === 'kept') return !concerned || entry.unwanted === null || entry.unwanted.policy !== policy;
  return fate === 'waits';
}

interface Pruning {
  readonly context: VerbContext;
  readonly repository: Repository;
  readonly request: RetainRequest;
  readonly plan: RetentionPreview;
}

async function carryOut(pruning: Pruning, planned: PreviewedSnapshot): Promise<PrunedSnapshot> {
  const { repository, request } = pruning;
  const { entry, fate, reasons } = planned;
  if (fate === 'deleted') return await remove(pruning, planned);
  if (!isSettled(planned, request)) {
    // Where it is marked anew, the mark that is there is of a wrong clock, or cannot be read.
    await repository.unmarkUnwanted(entry);
    if (fate === 'marked') await repository.markUnwanted(entry, markOf(request, reasons));
  }
  return ended(planned, fate);
}

/** Deletes it, unless something keeps it now: then that is done which is to be done with it now. */
async function remove(pruning: Pruning, planned: PreviewedSnapshot): Promise<PrunedSnapshot> {
  const { context, repository, request, plan } = pruning;
  const { name, cluster } = planned.entry;
  const anew = await previewAnew(context, repository, request, { entry: planned.entry, plan });
  if (anew === undefined) return ended(planned, 'gone');
  if (anew.fate !== 'deleted') return await carryOut(pruning, anew);
  context.signal.throwIfAborted();
  try {
    await repository.deleteSnapshot(cluster.id, name);
    return ended(anew, 'deleted');
  } catch (error) {
    if (isFailure(error, 'snapshot-missing')) return ended(planned, 'gone');
    if (isFailure(error, 'snapshot-busy')) return ended(planned, 'busy');
    throw error;
  }
}

async function orFailed(
  planned: PreviewedSnapshot,
  act: () => Promise<PrunedSnapshot>,
): Promise<PrunedSnapshot> {
  try {
    return await act();
  } catch (failure) {
    if (!isFailure(failure)) throw failure;
    return failed(planned, failure);
  }
}

function ended(planned: PreviewedSnapshot, outcome: PrunedSnapshot['outcome']): PrunedSnapshot {
  const { fate: _, ...same } = planned;
  return { ...same, outcome, failure: null };
}

function failed(planned: PreviewedSnapshot, failure: Failure): PrunedSnapshot {
  return { ...ended(planned, 'failed'), failure };
}

/** The mark of what goes; a rule may be longer than it has room for. */
function markOf(
  { policy }: RetainRequest,
  reasons: readonly string[],
): { readonly policy: string | null; readonly why: string } {
  return { policy, why: reasons.join('; ').slice(0, limits.unwantedWhyLength) };
}
