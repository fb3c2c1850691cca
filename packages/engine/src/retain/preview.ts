import { limits } from '@holdfast/base';
import { decideRetention } from '@holdfast/model';
import type { DamagedRecord, Repository, SnapshotEntry, UnfinishedSnapshot } from '@holdfast/repository';
import type { VerbContext } from '../context.ts';
import { locksOf, type SnapshotLock, type SnapshotLocks } from './locks.ts';
import { retainScope, type RetainRequest, type RetainScope } from './retain-request.ts';
import { retainedSnapshot } from './retained-snapshot.ts';

/** What the next prune does with a snapshot. */
export interface PreviewedSnapshot {
  readonly entry: SnapshotEntry;
  /** Whether the policy decides on it at all. */
  readonly concerned: boolean;
  /** `kept`, `marked` (deleted some time after), `waits` (it is marked, and not yet due) or `deleted`. */
  readonly fate: 'kept' | 'marked' | 'waits' | 'deleted';
  /** From when on a prune deletes it; null when it is kept. */
  readonly goesAt: Date | null;
  /** Why it is kept, a sentence for each rule, or why not. */
  readonly reasons: readonly string[];
  /** What locks it in its storage; null for what is not locked, or not for the policy to decide on. */
  readonly lock: SnapshotLock | null;
}

/** What a prune would do now. */
export interface RetentionPreview {
  readonly at: Date;
  readonly graceMs: number;
  /** Newest first. */
  readonly snapshots: readonly PreviewedSnapshot[];
  /** Manifests that cannot be read: what they are of is counted by nothing, and never deleted. */
  readonly damaged: readonly DamagedRecord[];
  readonly unfinished: readonly UnfinishedSnapshot[];
}

/**
 * Says of every snapshot whether a policy keeps it and why, and changes nothing.
 *
 * @throws cluster-missing, cluster-ambiguous, file-unreadable, what storages throw; RangeError for an unknown time zone
 */
export async function previewRetention(
  { clock, signal }: VerbContext,
  repository: Repository,
  request: RetainRequest,
): Promise<RetentionPreview> {
  const scope = await retainScope(repository, request);
  const now = clock.now();
  // Locks are asked for one by one, and only of what the policy is about.
  const concerned = decided(scope, request, { now, locks: new Map() })
    .filter((each) => each.concerned)
    .map(({ entry }) => entry);
  const locks = await locksOf(repository, concerned, signal);
  const snapshots = decided(scope, request, { now, locks }).toReversed();
  const { damaged, unfinished } = scope.listing;
  return { at: now, graceMs: graceOf(request), snapshots, damaged, unfinished };
}

/**
 * Says it of one snapshot again, by what is there now; of the others' locks it takes what is known.
 *
 * @param plan what was said before
 * @returns undefined when it is there no more
 * @throws as previewRetention
 */
export async function previewAnew(
  { clock, signal }: VerbContext,
  repository: Repository,
  request: RetainRequest,
  { entry, plan }: { readonly entry: SnapshotEntry; readonly plan: RetentionPreview },
): Promise<PreviewedSnapshot | undefined> {
  const scope = await retainScope(repository, request);
  const known = new Map(plan.snapshots.map((each) => [keyOf(each.entry), each.lock]));
  const { snapshots } = scope.listing;
  const same = snapshots.find((each) => keyOf(each) === keyOf(entry));
  if (same === undefined) return undefined;
  const locks = await locksOf(repository, [same], signal);
  for (const each of snapshots) {
    const lock = known.get(keyOf(each)) ?? null;
    if (each !== same && lock !== null) locks.set(each, lock);
  }
  return decided(scope, request, { now: clock.now(), locks }).find((each) => each.entry === same);
}

function keyOf({ cluster, name }: SnapshotEntry): string {
  return `${cluster.id}/${name}`;
}

/** What becomes of each snapshot, in the order of the listing. */
function decided(
  { listing: { snapshots }, clusterId }: RetainScope,
  request: RetainRequest,
  { now, locks }: { readonly now: Date; readonly locks: SnapshotLocks },
): PreviewedSnapshot[] {
  const { policy, retention, imported = false } = request;
  const question = { policy, clusterId, imported, now };
  const decisions = decideRetention(
    snapshots.map((each) => retainedSnapshot(each, locks.get(each))),
    retention,
    question,
  );
  return decisions.map(({ concerned, keep, reasons }, i): PreviewedSnapshot => {
    const entry = snapshots[i]!;
    const fate = fateOf(entry, { keep, now, graceMs: graceOf(request), policy });
    return { entry, concerned, reasons, ...fate, lock: locks.get(entry) ?? null };
  });
}

function graceOf({ graceMs = limits.unwantedGraceMs }: RetainRequest): number {
  return graceMs;
}

function fateOf(
  { unwanted }: SnapshotEntry,
  {
    keep,
    now,
    graceMs,
    policy,
  }: { readonly keep: boolean; readonly now: Date; readonly graceMs: number; readonly policy: string | null },
): Pick<PreviewedSnapshot, 'fate' | 'goesAt'> {
  if (keep) return { fate: 'kept', goesAt: null };
  const since = unwanted?.policy === policy ? Date.parse(unwanted.since) : NaN;
  // A mark from the future was made by a clock that was wrong, and does not count.
  const isMarked = since <= now.getTime();
  const goesAt = new Date((isMarked ? since : now.getTime()) + graceMs);
  if (goesAt.getTime() <= now.getTime()) return { fate: 'deleted', goesAt };
  return { fate: isMarked ? 'waits' : 'marked', goesAt };
}
