import { z } from 'zod';
import { Retention, Span } from './retention.ts';
import { Schedule } from './schedule.ts';

/** Names of policies: words of lower-case letters, digits and dashes, compared whole. */
export const policyNamePattern = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/** Nothing is saved for a policy while it is paused. `until`: when it ends by itself; null: when somebody says so. */
export const Pause = z.strictObject({
  since: z.iso.datetime(),
  until: z.iso.datetime().nullable(),
  reason: z.string().min(1).max(500),
});
export type Pause = z.infer<typeof Pause>;

/** Where a policy's snapshots are stored; `repository` is a name or address as `--repo` takes it. */
export const PolicyTarget = z.strictObject({
  repository: z.string().min(1),
  required: z.boolean().default(true),
  /** Instead of the policy's own. */
  retention: Retention.optional(),
});
export type PolicyTarget = z.infer<typeof PolicyTarget>;

/** Schedule, retention and repositories of one cluster's snapshots. A cluster may have several. */
export const Policy = z.strictObject({
  name: z
    .string()
    .regex(
      policyNamePattern,
      'a name is up to 63 lower-case letters, digits and dashes, with no dash at its ends',
    ),
  /** The cluster's name in the repositories; absent: the only one that the etcd is known as. */
  cluster: z.string().optional(),
  /** Null: only when somebody asks. */
  schedule: Schedule.nullable(),
  /** A run is put off by up to so many seconds, always the same for one policy on one node. */
  jitterSeconds: z.int().min(0).max(3600, 'a run is put off by an hour at most').default(0),
  /** Whether a run that was missed is made up for, once however many were missed. */
  catchUp: z.boolean().default(true),
  targets: z.array(PolicyTarget).min(1),
  retention: Retention,
  /** Re-reads what is stored; null: never. */
  check: Schedule.nullable().default(null),
  /** Restores the newest snapshot in a throw-away etcd; null: never. */
  drill: Schedule.nullable().default(null),
  /** What its user counts on: the newest verified snapshot is never older. Absent: twice the schedule's longest gap. */
  rpo: Span.optional(),
  pause: Pause.nullable().default(null),
});
export type Policy = z.infer<typeof Policy>;
/** The same as it is written: what is left out has its default. */
export type WrittenPolicy = z.input<typeof Policy>;

/** What a policy file holds. */
export const PolicyFile = z.strictObject({
  apiVersion: z.literal('holdfast.dev/v1'),
  kind: z.literal('Policies'),
  policies: z.array(Policy),
});
export type PolicyFile = z.infer<typeof PolicyFile>;
