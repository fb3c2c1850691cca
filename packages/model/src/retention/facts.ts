import type { SnapshotManifest } from '../manifest.ts';
import type { Pin } from '../pin.ts';
import type { SnapshotState } from '../snapshot-state.ts';

/** What retention knows of one snapshot, whosever it is. */
export interface RetainedSnapshot {
  readonly name: string;
  /** The cluster's id in the repository. */
  readonly clusterId: string;
  /** The policy that its manifest names. */
  readonly policy: string | null;
  readonly trigger: SnapshotManifest['trigger'];
  /** The member that it was taken from; an id of null is not known. */
  readonly node: { readonly name: string; readonly memberId: string | null };
  /** RFC 3339. */
  readonly finishedAt: string;
  readonly state: SnapshotState;
  readonly trusted: boolean;
  readonly degraded: boolean;
  /** Whether another system made it. */
  readonly imported: boolean;
  readonly pin: Pick<Pin, 'until' | 'reason'> | null;
  /** Until when its storage lets nobody remove it, RFC 3339. */
  readonly lockedUntil: string | null;
  /** Whether its storage lets nobody remove it until somebody lifts that. */
  readonly legalHold: boolean;
  /** Bytes of all its objects. */
  readonly storedBytes: number;
}

/** Whose snapshots are to be decided on. */
export interface RetentionQuestion {
  /** The policy, compared whole; null: what was saved by hand, and is no policy's. */
  readonly policy: string | null;
  /** The cluster whose snapshots may go; null: any in the repository. */
  readonly clusterId: string | null;
  /** Whether what other systems made may go too. */
  readonly imported: boolean;
  readonly now: Date;
}

/** What becomes of one snapshot, and why. */
export interface RetentionDecision {
  readonly clusterId: string;
  readonly name: string;
  /** Whether the policy decides on it at all; what it does not decide on is kept. */
  readonly concerned: boolean;
  readonly keep: boolean;
  /** A sentence for each rule that keeps it; where none does, why it goes. Never empty. */
  readonly reasons: readonly string[];
}
