import type { Clock } from '@holdfast/base';

const firstMs = 30_000;
const longestMs = 15 * 60_000;

/** When something that failed may be tried again: after half a minute, then twice as long each time, up to 15 minutes. */
export class BackOff {
  readonly #clock: Clock;
  #failures = 0;
  #notBefore = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get mayTry(): boolean {
    return this.#clock.monotonic() >= this.#notBefore;
  }

  /** Says in how many milliseconds it may be tried again. */
  failed(): number {
    const wait = Math.min(longestMs, firstMs * 2 ** this.#failures);
    this.#failures += 1;
    this.#notBefore = this.#clock.monotonic() + wait;
    return wait;
  }

  /** Says whether it had failed before. */
  worked(): boolean {
    const had = this.#failures > 0;
    this.#failures = 0;
    this.#notBefore = Number.NEGATIVE_INFINITY;
    return had;
  }
}
