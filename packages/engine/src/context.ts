import type { Clock } from '@holdfast/base';

/** How far a verb is. */
export interface Progress {
  /** What is being done, as one word or two, e.g. `records`. */
  readonly phase: string;
  /** Bytes so far. */
  readonly done: number;
  /** Bytes in all, where that is known. */
  readonly total?: number;
}

/** What every verb is given: its time, its end, and who listens. */
export interface VerbContext {
  readonly clock: Clock;
  /** Aborted when the verb is to stop: it leaves nothing unfinished behind and throws the signal's reason. */
  readonly signal: AbortSignal;
  /** The version of Holdfast, recorded in what is written. */
  readonly holdfast: string;
  readonly onProgress?: (progress: Progress) => void;
  /** For what a verb needs to read by position and may not keep, enciphered; the system's own folder when absent. */
  readonly scratchFolder?: string;
}
