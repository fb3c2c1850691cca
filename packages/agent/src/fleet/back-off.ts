/**
 * Milliseconds to wait before something is tried again: 1, 2, 4 seconds and so on up to 30, of which a part is left to
 * chance, so that a thousand agents do not come back in the same moment.
 *
 * @param attempts how often it was tried, from 1
 * @param random a number from 0 to 1, below 1
 */
export function retryMs(attempts: number, random: () => number): number {
  const most = Math.min(1_000 * 2 ** Math.min(attempts - 1, 10), 30_000);
  return Math.round(most * (0.5 + random() / 2));
}
