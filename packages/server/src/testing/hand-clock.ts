import type { Clock } from '@holdfast/base';

/** A clock that goes on when a test says so. */
export interface HandClock extends Clock {
  /** Goes on by so many milliseconds, and wakes who sleeps until then. */
  advance(ms: number): void;
}

/** @param begin when it is at first */
export function handClock(begin = '2026-11-22T10:00:00.000Z'): HandClock {
  let passed = 0;
  const sleepers = new Set<{ readonly at: number; readonly wake: () => void }>();
  return {
    now: () => new Date(Date.parse(begin) + passed),
    monotonic: () => passed,
    sleep: (ms, signal) =>
      new Promise<void>((resolve, reject) => {
        const sleeper = { at: passed + ms, wake: resolve };
        const stop = (): void => {
          sleepers.delete(sleeper);
          reject(signal!.reason as Error);
        };
        if (signal?.aborted === true) return stop();
        sleepers.add(sleeper);
        signal?.addEventListener('abort', stop, { once: true });
      }),
    advance(ms) {
      passed += ms;
      for (const sleeper of [...sleepers].filter(({ at }) => at <= passed)) {
        sleepers.delete(sleeper);
        sleeper.wake();
      }
    },
  };
}
