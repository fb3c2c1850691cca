import { z } from 'zod';

const Sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const Milliseconds = z.int().min(0);

/** The checks of a drill, in the order in which they are made. */
const drillChecks = [
  'program', // an etcd that may open the snapshot is there
  'restore', // the snapshot is whole, and a data directory can be built from it
  'start', // etcd starts from it and has a leader
  'members', // one voting member, and a cluster id of its own
  'revision', // the store stands where the snapshot stood
  'alarms', // none
  'probe', // a key is written, read and deleted
  'keys', // as many keys as the snapshot has
  'hashkv', // the running etcd hashes to what the snapshot's file does
] as const;
export type DrillCheckName = (typeof drillChecks)[number];

/** One check: what was found, in words. `skipped` says in `detail` why it could not be made. */
export const DrillCheck = z.object({
  check: z.enum(drillChecks),
  outcome: z.enum(['passed', 'failed', 'skipped']),
  detail: z.string(),
});
export type DrillCheck = z.infer<typeof DrillCheck>;

/** A restore that was tried: a stored snapshot, brought to life in a throw-away etcd and questioned. */
export const DrillReport = z.object({
  apiVersion: z.literal('holdfast.dev/v1'),
  kind: z.literal('DrillReport'),
  snapshot: z.object({
    name: z.string(),
    /** The repository's id and name of its cluster. */
    cluster: z.object({ id: z.uuid(), name: z.string() }),
    sha256: Sha256,
    size: z.int().min(0),
    revision: z.int().min(0),
    takenAt: z.iso.datetime(),
  }),
  at: z.iso.datetime(),
  holdfast: z.string(),
  /** The version of the etcd that was started, as 3.6.16; null when there was none. */
  etcd: z.string().nullable(),
  outcome: z.enum(['passed', 'failed']),
  /** The first check that failed, with its reason; null when none did. `code` is that of the failure behind it, if any. */
  failed: z
    .object({ check: z.enum(drillChecks), code: z.string().nullable(), reason: z.string() })
    .nullable(),
  checks: z.array(DrillCheck),
  /** Milliseconds of each part; null where it did not come to that. `total` is the measured time to recover. */
  times: z.object({
    restoreMs: Milliseconds.nullable(),
    startMs: Milliseconds.nullable(),
    questionsMs: Milliseconds.nullable(),
    totalMs: Milliseconds.nullable(),
  }),
  /** SHA-256 of the report without this field, as canonical JSON (keys sorted, no spaces). */
  hash: Sha256,
});
export type DrillReport = z.infer<typeof DrillReport>;
