import type { Policy } from '@holdfast/model';
import type { DaemonState, Job } from './state.ts';

/** What the daemon knows at one moment. */
export interface Observed {
  /** Never changed afterwards: the next change gives a new one. */
  readonly state: DaemonState;
  /** Those in use, paused ones too. */
  readonly policies: readonly Policy[];
  readonly now: Date;
  /** The jobs that are under way: at most one save, one prune, and one check or drill. */
  readonly running: readonly RunningJob[];
}

export interface RunningJob {
  readonly policy: string;
  readonly job: Job;
  readonly since: string;
}

/** Keeps what was told of alerts. */
export interface AlertMemory {
  /**
   * Puts this in the place of `state.alerts`; resolves once it is on disk, or loudly without that where the disk takes
   * nothing: in this process it is remembered then. It leads to no `observe` of its own.
   */
  remember(alerts: DaemonState['alerts']): Promise<void>;
}

/** Who is told of everything that changes: metrics, health, alerts, webhooks, the heartbeat, systemd. */
export interface DaemonObserver {
  /**
   * Called once, before anything else.
   *
   * @throws Failure what keeps it from doing its work, as an address that is taken
   */
  start(memory: AlertMemory): Promise<void>;
  /**
   * Called after every change, and at least every 30 seconds (which is what a watchdog may be fed by). The daemon does
   * not wait for it; it resolves when everything that this one made due was told, or put off, and never rejects.
   */
  observe(observed: Observed): Promise<void>;
  /** The daemon ends: nothing is told any more; resolves within a second or two. */
  stop(): Promise<void>;
}
