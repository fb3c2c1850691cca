import { z } from 'zod';
import { Moment, ReceiverId } from './ids.ts';

export const fleetAlertKinds = [
  'no-verified-snapshot', // for longer than the policy allows
  'copy-missing', // a required repository lacks the newest snapshot
  'drill-failed',
  'drill-overdue',
  'clock-skew',
  'certificate-expiring',
  'paused-too-long',
  'node-gone', // its agent was not heard for too long
  'repository-unreachable',
  'restore-stuck',
  'member-unhealthy',
] as const;

/** An alert: fires once, resolves once. */
export const FleetAlert = z.object({
  /** By what it is about: kind, cluster, and what in it. */
  key: z.string(),
  kind: z.enum(fleetAlertKinds),
  severity: z.enum(['warning', 'critical']),
  cluster: z.string().nullable(),
  /** The policy, node or repository. */
  of: z.string(),
  /** One sentence. */
  what: z.string(),
  next: z.string(),
  since: Moment,
  resolvedAt: Moment.nullable(),
});
export type FleetAlert = z.infer<typeof FleetAlert>;

/** Who is told of alerts. */
export const ReceiverSpec = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('webhook'), name: z.string().min(1).max(63) }),
  z.strictObject({ kind: z.literal('slack'), name: z.string().min(1).max(63) }),
  /** Asked for at each look while all is well: whoever listens misses it when the server is dead. */
  z.strictObject({ kind: z.literal('heartbeat'), name: z.string().min(1).max(63) }),
  z.strictObject({
    kind: z.literal('email'),
    name: z.string().min(1).max(63),
    host: z.string().min(1),
    port: z.int().min(1).max(65_535),
    secure: z.boolean().default(true),
    from: z.string().min(3),
    to: z.array(z.string().min(3)).min(1),
    user: z.string().optional(),
  }),
]);
export type ReceiverSpec = z.infer<typeof ReceiverSpec>;

/** The address of a webhook, or the password of a mail server: written, never read back. */
export const ReceiverSecret = z.strictObject({ url: z.url().optional(), password: z.string().optional() });
export type ReceiverSecret = z.infer<typeof ReceiverSecret>;

export const Receiver = z.object({
  id: ReceiverId,
  spec: ReceiverSpec,
  hasSecret: z.boolean(),
  lastTold: z.object({ at: Moment, ok: z.boolean(), why: z.string() }).nullable(),
});
export type Receiver = z.infer<typeof Receiver>;
