import { z } from 'zod';

const Time = z.iso.datetime();

/** How the last run of a job ended. `partial`: a copy that is not required is missing, or waits in the queue. */
export const RunOutcome = z.object({
  startedAt: Time,
  endedAt: Time,
  outcome: z.enum(['ok', 'partial', 'failed']),
  /** Code of the failure table, and its sentence; null where it went well. */
  failure: z.object({ code: z.string(), why: z.string() }).nullable(),
  durationMs: z.int().min(0),
});
export type RunOutcome = z.infer<typeof RunOutcome>;

/** What is remembered of one job of one policy. */
export const JobState = z.object({
  /** The time by its schedule of the last run that was begun, whatever became of it; null: none yet. */
  lastScheduled: Time.nullable(),
  /** When this machine's clock said that run was begun; not that of what was tried again for it. */
  lastBegunAt: Time.nullable().default(null),
  /** Whether a run was begun and has not ended: it is under way, or the daemon was ended meanwhile. */
  unfinished: z.boolean().default(false),
  last: RunOutcome.nullable(),
  lastOkAt: Time.nullable(),
  /** By code of the failure table, since the state was begun. What is tried again for one scheduled run counts once. */
  failures: z.record(z.string(), z.int().min(0)),
  runs: z.int().min(0),
});
export type JobState = z.infer<typeof JobState>;

export const jobs = ['save', 'prune', 'check', 'drill'] as const;
export type Job = (typeof jobs)[number];

/**
 * Of when, by their own content, the newest snapshots of a policy are, as one repository is concerned; null: there is none.
 * `saved`: of the policy, wherever it is stored, but for those from before this repository was to have them. The others:
 * in this repository.
 */
export const Newest = z.object({
  saved: Time.nullable(),
  stored: Time.nullable(),
  verified: Time.nullable(),
  drilled: Time.nullable(),
  /** Bytes that the newest one that is stored takes there. */
  bytes: z.int().min(0).nullable(),
  /** Whether what is saved there is removed again once the others have it (`dropLocal`): nothing is promised of it. */
  passing: z.boolean().optional(),
  /** Since when a newer one than any that is stored here is stored elsewhere; null: there is none. */
  missingSince: Time.nullable().default(null),
  /** The id that the cluster has there, as the last save found it: others may have a policy of the same name. */
  clusterId: z.uuid().nullable().default(null),
  /** Since when the policy stores here; null: since it is known. */
  knownSince: Time.nullable().default(null),
});
export type Newest = z.infer<typeof Newest>;

export const PolicyState = z.object({
  /** Since when the daemon has known the policy: before that nothing was promised. */
  knownSince: Time,
  jobs: z.object({ save: JobState, prune: JobState, check: JobState, drill: JobState }),
  /** By the repository's name. */
  newest: z.record(z.string(), Newest),
});
export type PolicyState = z.infer<typeof PolicyState>;

/**
 * An alert that somebody was told of, or is to be told of: once when it begins and once when it ends. It is forgotten when
 * its end was told. What it said when it began is kept, since the end may be told long after its cause is gone.
 */
export const AlertRecord = z.object({
  since: Time,
  /** Null: it still fires. */
  endedAt: Time.nullable(),
  /** Since when it fires again, while nobody has taken its end yet; null: it does not. */
  again: Time.nullable(),
  /** Whether the receiver has taken its beginning. */
  told: z.boolean(),
  severity: z.enum(['critical', 'warning', 'info']),
  sentence: z.string(),
  cause: z.string(),
  remedy: z.string(),
});
export type AlertRecord = z.infer<typeof AlertRecord>;

/** What the daemon knows, kept in one file of its state folder and written before and after every run. */
export const DaemonState = z.object({
  apiVersion: z.literal('holdfast.dev/v1'),
  kind: z.literal('DaemonState'),
  /** By the policy's name. */
  policies: z.record(z.string(), PolicyState),
  queue: z.object({ length: z.int().min(0), oldestAt: Time.nullable() }),
  /** Of the policy file: when the one in use was read, and why a newer one was refused. */
  configuration: z.object({ readAt: Time, refused: z.string().nullable() }),
  /** Why the state itself could not be written, so that it would be lost with the process; null: it is on disk. */
  unwritable: z.string().nullable().default(null),
  /** Alerts, by key, until their end was told; see AlertRecord. */
  alerts: z.record(z.string(), AlertRecord),
});
export type DaemonState = z.infer<typeof DaemonState>;
