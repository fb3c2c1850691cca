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
  last: RunOutcome.nullable(),
  lastOkAt: Time.nullable(),
  /** By code of the failure table, since the state was begun. */
  failures: z.record(z.string(), z.int().min(0)),
  runs: z.int().min(0),
});
export type JobState = z.infer<typeof JobState>;

export const jobs = ['save', 'prune', 'check', 'drill'] as const;
export type Job = (typeof jobs)[number];

/** When the newest snapshot of a policy in one repository came into each of the four states; null: none has. */
const Newest = z.object({
  saved: Time.nullable(),
  stored: Time.nullable(),
  verified: Time.nullable(),
  drilled: Time.nullable(),
  /** Bytes that it takes there. */
  bytes: z.int().min(0).nullable(),
});

export const PolicyState = z.object({
  /** Since when the daemon has known the policy: before that nothing was promised. */
  knownSince: Time,
  jobs: z.object({ save: JobState, prune: JobState, check: JobState, drill: JobState }),
  /** By the repository's name. */
  newest: z.record(z.string(), Newest),
});
export type PolicyState = z.infer<typeof PolicyState>;

/** What the daemon knows, kept in one file of its state folder and written before and after every run. */
export const DaemonState = z.object({
  apiVersion: z.literal('holdfast.dev/v1'),
  kind: z.literal('DaemonState'),
  /** By the policy's name. */
  policies: z.record(z.string(), PolicyState),
  queue: z.object({ length: z.int().min(0), oldestAt: Time.nullable() }),
  /** Of the policy file: when the one in use was read, and why a newer one was refused. */
  configuration: z.object({ readAt: Time, refused: z.string().nullable() }),
  /** Alerts that are firing, by key, with the time since when; each is told once when it begins and once when it ends. */
  alerts: z.record(z.string(), z.object({ since: Time, told: z.boolean() })),
});
export type DaemonState = z.infer<typeof DaemonState>;
