import type { Policy } from '@holdfast/model';

/** The jobs that have a schedule. */
export type ScheduledJob = 'save' | 'check' | 'drill';

/** When each job's newest begun run was due, and is due next; what is absent never was, or has no schedule. */
export interface JobTimes {
  readonly last: Partial<Readonly<Record<ScheduledJob, string>>>;
  readonly next: Partial<Readonly<Record<ScheduledJob, string>>>;
}

export interface StoredPolicy {
  readonly cluster: string;
  readonly policy: Policy;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly version: number;
  readonly times: JobTimes;
  readonly lastOutcome: 'ok' | 'partial' | 'failed' | null;
}

export interface PolicyTable {
  get(cluster: string, name: string): Promise<StoredPolicy | undefined>;
  /** By name. */
  ofCluster(cluster: string): Promise<readonly StoredPolicy[]>;
  all(): Promise<readonly StoredPolicy[]>;
  /**
   * Makes or changes it; of one that is there only `next` is taken from `times`, `last` stays.
   *
   * @param version that is changed; null: whichever, or none
   * @throws Failure cluster-unknown, and policy-unknown where a version is given and there is none
   */
  put(
    cluster: string,
    version: number | null,
    policy: Policy,
    times: JobTimes,
    at: string,
  ): Promise<{ readonly put: StoredPolicy; readonly isNew: boolean } | { readonly conflict: StoredPolicy }>;
  remove(cluster: string, name: string): Promise<boolean>;
  /** Those of which a job is due at or before a moment, the longest due first. */
  dueAt(moment: string, limit: number): Promise<readonly StoredPolicy[]>;
  /** The earliest time at which any job is due. */
  nextDueAt(): Promise<string | null>;
  /** Moves the times on from what they were; false where somebody else has done so. */
  advance(cluster: string, name: string, from: JobTimes, to: JobTimes): Promise<boolean>;
  setOutcome(cluster: string, name: string, outcome: 'ok' | 'partial' | 'failed'): Promise<void>;
}
