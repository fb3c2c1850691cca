const minute = 60_000;

/**
 * Milliseconds until a save that failed is tried again: 1, 2, 4, 8 minutes and then every 15.
 *
 * @param attempts how often it was tried, from 1
 */
export function saveRetryMs(attempts: number): number {
  return Math.min(2 ** Math.min(attempts - 1, 10), 15) * minute;
}

/** The same for what looks after snapshots, which is heavier and less urgent: 10, 20, 40 minutes up to every six hours. */
export function careRetryMs(attempts: number): number {
  return Math.min(10 * 2 ** Math.min(attempts - 1, 10), 360) * minute;
}
