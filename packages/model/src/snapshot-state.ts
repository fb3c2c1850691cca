import type { Evidence } from './evidence.ts';
import type { SnapshotManifest } from './manifest.ts';
import type { TrustDecision } from './trust/index.ts';

/**
 * How far a snapshot is proven. `stored`: its bytes and manifest are in the repository. `verified`: its newest
 * verification passed in full. `damaged`: its newest verification failed.
 */
export type SnapshotState = 'stored' | 'verified' | 'damaged';

/**
 * The state that the evidence supports: only the newest verification counts, since bits rot. One from the future was made
 * by a clock that was wrong: it does not outweigh that a later one failed.
 */
export function snapshotState(evidence: readonly Evidence[], now?: Date): SnapshotState {
  const sorted = evidence.toSorted((a, b) => a.at.localeCompare(b.at));
  const past = now && sorted.findLast(({ at }) => Date.parse(at) <= now.getTime());
  if (past?.outcome === 'failed') return 'damaged';
  const newest = sorted.at(-1);
  if (newest === undefined || newest.outcome === 'incomplete') return 'stored';
  return newest.outcome === 'passed' ? 'verified' : 'damaged';
}

/** What a snapshot is judged by. */
interface JudgedSnapshot {
  readonly manifest: SnapshotManifest;
  readonly state: SnapshotState;
  readonly trust: Pick<TrustDecision, 'trusted'>;
}

/**
 * The name of the newest verified and not degraded snapshot, which nothing may delete unasked. What was saved because a
 * restore was about to replace it does not count: there was a reason for that restore. Nor does one whose manifest is not
 * trusted: nothing would be restored from it.
 */
export function newestVerified(snapshots: readonly JudgedSnapshot[]): string | undefined {
  return snapshots
    .filter(
      ({ manifest, state, trust }) =>
        trust.trusted &&
        state === 'verified' &&
        manifest.quorum.state === 'healthy' &&
        manifest.trigger !== 'pre-restore',
    )
    .toSorted((a, b) => a.manifest.times.finishedAt.localeCompare(b.manifest.times.finishedAt))
    .at(-1)?.manifest.name;
}
