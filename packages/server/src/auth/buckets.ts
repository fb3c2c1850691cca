import type { Clock } from '@holdfast/base';

/** How often something may be done: at once, and then so many times a second. */
export interface Pace {
  readonly burst: number;
  readonly perSecond: number;
  /** Keys that are remembered at most; the ones that were used least lately are forgotten, as if they had never come. */
  readonly most: number;
}

/** Counts by key how often something is done, in the memory of this replica. */
export interface Buckets {
  /** Takes one. @returns 0, or the milliseconds after which there is one again; nothing is taken then */
  take(key: string): number;
}

/** Buckets that are full at first, and fill again as time goes on. */
export function makeBuckets(clock: Pick<Clock, 'monotonic'>, { burst, perSecond, most }: Pace): Buckets {
  const buckets = new Map<string, { left: number; at: number }>();
  return {
    take(key) {
      const now = clock.monotonic();
      const { left, at } = buckets.get(key) ?? { left: burst, at: now };
      const filled = Math.min(burst, left + ((now - at) / 1_000) * perSecond);
      const taken = filled >= 1;
      buckets.delete(key);
      buckets.set(key, { left: taken ? filled - 1 : filled, at: now });
      if (buckets.size > most) buckets.delete(buckets.keys().next().value!);
      return taken ? 0 : Math.ceil(((1 - filled) / perSecond) * 1_000);
    },
  };
}
