import { limits, type Clock } from '@holdfast/base';
import { isRetryable } from './retryable.ts';

export interface RetryOptions {
  readonly clock: Clock;
  /** A number from 0 to 1, below 1: Math.random. */
  readonly random: () => number;
  /** How often a step is tried at most; `limits.storageAttempts` if not said. */
  readonly attempts?: number;
  /** After it nothing is tried again; its reason is thrown. */
  readonly signal?: AbortSignal;
}

/** How often and when a failed step is tried again. */
export class Retry {
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #attempts: number;
  readonly #signal: AbortSignal | undefined;

  constructor({ clock, random, attempts = limits.storageAttempts, signal }: RetryOptions) {
    this.#clock = clock;
    this.#random = random;
    this.#attempts = attempts;
    this.#signal = signal;
  }

  /** Does `act` until it succeeds or fails for good; it is told which attempt it is, from 1. */
  async run<T>(act: (attempt: number) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await act(attempt);
      } catch (error) {
        await this.pause(error, attempt);
      }
    }
  }

  /**
   * Waits as long as is due after the `failed`th failure in a row: between half and all of a time that doubles.
   *
   * @throws the error itself when trying again is of no use, or was done often enough
   */
  async pause(error: unknown, failed: number): Promise<void> {
    this.#signal?.throwIfAborted();
    if (failed >= this.#attempts || !isRetryable(error)) throw error;
    const most = Math.min(limits.storageRetryFirstMs * 2 ** (failed - 1), limits.storageRetryLongestMs);
    await this.#clock.sleep((most * (1 + this.#random())) / 2, this.#signal);
  }
}
