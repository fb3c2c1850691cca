import { z } from 'zod';
import { spanMs } from './span.ts';

const Count = z.int().min(1);

const spanPattern = /^(?:\d{1,9}[wdhms])+$/;

/** A time that much later is still one that can be written. */
const longestSpanMs = 36_500 * 24 * 3_600_000;

/** A length of time as Go and Prometheus write it, with days and weeks too: `36h`, `7d`, `90m`, `1w2d`; a century at most. */
export const Span = z
  .string()
  .regex(
    spanPattern,
    'a length of time is written like 36h, 90m or 1w2d, in weeks, days, hours, minutes and seconds',
  )
  .refine((span) => spanMs(span) <= longestSpanMs, 'a length of time is 36500d at most');

/**
 * What is kept. A snapshot is kept when any rule keeps it; without a rule everything is kept. Whatever the rules say,
 * the newest verified one stays, and so do `minimum` of them, pinned ones, and those under an object lock.
 */
export const Retention = z.strictObject({
  /** Whose snapshots a count is counted over: those of each node, of the cluster, or of all in the repository. */
  scope: z.enum(['node', 'cluster', 'repository']).default('cluster'),
  /** The newest so many. */
  last: Count.optional(),
  /** All that are younger. */
  within: Span.optional(),
  /** The newest of each of so many hours, days, weeks, months and years that have one, in `timeZone`. */
  hourly: Count.optional(),
  daily: Count.optional(),
  weekly: Count.optional(),
  monthly: Count.optional(),
  yearly: Count.optional(),
  timeZone: z.string().default('UTC'),
  /** Bytes that are stored at most: the oldest of what the rules keep go first. */
  maxBytes: z.int().positive().optional(),
  /** So many of the newest are kept whatever else is said. */
  minimum: Count.default(1),
  /** Snapshots from before an upgrade are counted by no rule: these are kept so long; absent: until somebody deletes them. */
  preUpgrade: Span.optional(),
});
export type Retention = z.infer<typeof Retention>;
