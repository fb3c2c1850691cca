import type { Failure } from '@holdfast/base';
import type { Policy, SnapshotManifest } from '@holdfast/model';
import type { Newest } from './state.ts';

/** What became of a job that came to its end. */
export interface JobEnd {
  readonly outcome: 'ok' | 'partial' | 'failed';
  /** Null where it went well. */
  readonly failure: Failure | null;
  /** What was made or found, for the log, in a few words. */
  readonly note: string;
  /** What somebody should know, a sentence each. */
  readonly warnings: readonly string[];
}

/** A save that came to its end. */
export interface SaveEnd extends JobEnd {
  /** The name of the snapshot. */
  readonly snapshot: string;
  /** By repository, what is new there; what is not said stays as it was. */
  readonly newest: Readonly<Record<string, Partial<Newest>>>;
  /** The repositories that it was stored in. */
  readonly storedIn: readonly string[];
}

/** A drill that came to its end. */
export interface DrillEnd extends JobEnd {
  /** By repository, of when the snapshot is that was drilled. */
  readonly drilled: Readonly<Record<string, string>>;
}

/** What is to be saved. */
export interface SaveOrder {
  readonly policy: Policy;
  readonly trigger: Extract<SnapshotManifest['trigger'], 'schedule' | 'manual'>;
  /** Of the run; where a name is made from a time, from this one. */
  readonly startedAt: Date;
  /** Whether a repository of this name that is missing, and is a folder, may be made. */
  readonly mayMake: (repository: string) => boolean;
}

/** What waits in the queue of copies. */
export interface Waiting {
  readonly length: number;
  readonly oldestAt: string | null;
  /** When the next one is due; null: none waits. */
  readonly nextAt: string | null;
}

/** What is found of a policy in one repository. */
export interface Found {
  readonly newest: Partial<Newest>;
  /** When the newest save by the schedule began; null: there is none. */
  readonly scheduledAt: string | null;
}

/** A repository, and the id that the cluster has there; null where that is not known. */
export interface Where {
  readonly repository: string;
  readonly clusterId: string | null;
}

/** What is known of a policy's snapshots, by repository. */
export type Known = Readonly<Record<string, Newest>>;

/**
 * What the daemon does, one at a time of each kind. Each throws a Failure where it cannot be done, and the signal's reason
 * once that is aborted, having left nothing unfinished.
 */
export interface Work {
  save(order: SaveOrder, signal: AbortSignal): Promise<SaveEnd>;
  prune(policy: Policy, known: Known, signal: AbortSignal): Promise<JobEnd>;
  check(policy: Policy, known: Known, signal: AbortSignal): Promise<JobEnd>;
  drill(policy: Policy, known: Known, signal: AbortSignal): Promise<DrillEnd>;
  /**
   * Makes copies that wait: a few that are due, and those for `reached` whether due or not.
   *
   * @returns the repositories that something was copied into
   */
  copy(reached: readonly string[], signal: AbortSignal): Promise<readonly string[]>;
  waiting(): Promise<Waiting>;
  /** Looks into one repository of a policy. */
  look(policy: Policy, where: Where, signal: AbortSignal): Promise<Found>;
}
