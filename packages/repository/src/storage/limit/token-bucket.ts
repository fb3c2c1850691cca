import type { Clock } from '@holdfast/base';

/** Lets so many bytes a second through, and up to one second's worth at once after a pause. */
export class TokenBucket {
  readonly #rate: number;
  readonly #clock: Clock;
  #free: number;
  #at: number;

  /** @param rate bytes per second, more than 0 */
  constructor(rate: number, clock: Clock) {
    if (!(rate > 0)) throw new RangeError(`${rate} is no rate`);
    this.#rate = rate;
    this.#clock = clock;
    this.#free = rate;
    this.#at = clock.monotonic();
  }

  /** Resolves when `bytes` more may pass. More than one second's worth is lent, and paid for by waiting. */
  async take(bytes: number): Promise<void> {
    const now = this.#clock.monotonic();
    this.#free = Math.min(this.#rate, this.#free + ((now - this.#at) / 1000) * this.#rate);
    this.#at = now;
    this.#free -= bytes;
    if (this.#free < 0) await this.#clock.sleep((-this.#free / this.#rate) * 1000);
  }
}
