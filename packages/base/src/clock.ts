import { setTimeout as wait } from 'node:timers/promises';

/** The only source of time: code takes a Clock, tests bring their own. */
export interface Clock {
  /** The wall-clock time. */
  now(): Date;
  /** Milliseconds that never go backwards, from an arbitrary start. */
  monotonic(): number;
  /** Waits `ms` milliseconds; rejects with the signal's reason when it is aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** The clock of this machine. */
export const systemClock: Clock = {
  now: () => new Date(),
  monotonic: () => performance.now(),
  sleep: async (ms, signal) => {
    try {
      await wait(ms, undefined, signal === undefined ? {} : { signal });
    } catch (error) {
      // Node has an error of its own for it, and puts the reason behind that.
      signal?.throwIfAborted();
      throw error;
    }
  },
};
