import { z } from 'zod';
import { Policy } from '../policy/policy.ts';
import { ClusterId, Moment } from './ids.ts';

/** A policy of a cluster of the fleet, with what became of it. */
export const FleetPolicy = z.object({
  cluster: ClusterId,
  policy: Policy,
  createdAt: Moment,
  updatedAt: Moment,
  version: z.int().min(1),
  status: z.object({
    /** The time that the newest begun run was due at; null: none was. */
    lastScheduledFor: Moment.nullable(),
    lastOutcome: z.enum(['ok', 'partial', 'failed']).nullable(),
    /** Null: it has no schedule, or is paused without an end. */
    nextDueAt: Moment.nullable(),
    /** Milliseconds: how old the newest verified snapshot may get. */
    promisedMs: z.int().nullable(),
  }),
});
export type FleetPolicy = z.infer<typeof FleetPolicy>;
