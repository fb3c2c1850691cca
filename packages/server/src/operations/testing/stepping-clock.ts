import type { Clock } from '@holdfast/base';

/** A clock that stands still until it is told to go on. */
export class SteppingClock implements Clock {
  #at: number;
  readonly #beganAt: number;
  readonly #sleepers = new Set<{ readonly at: number; readonly wake: () => void }>();

  constructor(at: string) {
    this.#at = Date.parse(at);
    this.#beganAt = this.#at;
  }

  now(): Date {
    return new Date(this.#at);
  }

  monotonic(): number {
    return this.#at - this.#beganAt;
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    await new Promise<void>((resolve, reject) => {
      const sleeper = { at: this.#at + ms, wake: resolve };
      this.#sleepers.add(sleeper);
      signal?.addEventListener('abort', () => {
        if (this.#sleepers.delete(sleeper)) reject(signal.reason as Error);
      });
    });
  }

  /**
   * Goes on to the next sleeper that is due by `until`, milliseconds since 1970, and wakes all of that time; else to
   * `until`.
   *
   * @param paceMs goes on by so much at least
   */
  step(until: number, paceMs: number): boolean {
    const next = Math.min(...[...this.#sleepers].map((each) => each.at));
    const at = Math.max(next, this.#at + paceMs);
    this.#at = Math.max(this.#at, Math.min(at, until));
    if (at > until) return false;
    for (const each of [...this.#sleepers].filter((sleeper) => sleeper.at <= this.#at)) {
      this.#sleepers.delete(each);
      each.wake();
    }
    return true;
  }
}
