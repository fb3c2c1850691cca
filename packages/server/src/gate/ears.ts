import type { Clock } from '@holdfast/base';

/**
 * Why waiting has ended: there is something to look at; it has lasted long enough; or for good, since a newer one came, the
 * client is gone, or the server stops.
 */
export type Heard = 'rung' | 'over' | 'replaced' | 'gone' | 'ended';

/** A request that waits for news. What rings between two waits is not missed. */
export interface Ear {
  /** @param until by the clock's monotonic milliseconds; it may be late by a tick */
  wait(until: number): Promise<Heard>;
  /** The request is over, or its client gone. */
  readonly close: () => void;
}

interface Waiting {
  readonly keys: readonly string[];
  readonly only: string | undefined;
  heard: Heard | undefined;
  until: number;
  wake: (() => void) | undefined;
}

/** All requests that wait. One tick ends the waits of all of them: thousands of timers cost more. */
export class Ears {
  readonly #clock: Clock;
  readonly #byKey = new Map<string, Set<Waiting>>();
  readonly #only = new Map<string, Waiting>();
  readonly #waits = new Set<Waiting>();
  /** Whether the server stops. */
  ended = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * @param keys what it listens for
   * @param only of whom only the newest request waits: an older one is ended at once
   */
  listen(keys: readonly string[], only?: string): Ear {
    const waiting: Waiting = {
      keys,
      only,
      heard: this.ended ? 'ended' : undefined,
      until: 0,
      wake: undefined,
    };
    for (const key of keys) {
      const others = this.#byKey.get(key) ?? new Set();
      this.#byKey.set(key, others.add(waiting));
    }
    if (only !== undefined) {
      const older = this.#only.get(only);
      this.#only.set(only, waiting);
      if (older !== undefined) hear(older, 'replaced');
    }
    return { wait: (until) => this.#wait(waiting, until), close: () => this.#close(waiting) };
  }

  ring(key: string): void {
    for (const waiting of this.#byKey.get(key) ?? []) hear(waiting, 'rung');
  }

  /** How many wait. */
  get waiting(): number {
    return this.#waits.size;
  }

  /** Ends those that have waited long enough. */
  tick(): void {
    const now = this.#clock.monotonic();
    for (const waiting of this.#waits) if (waiting.until <= now) hear(waiting, 'over');
  }

  /** The server stops: all are answered, and whoever comes later at once. */
  end(): void {
    this.ended = true;
    for (const waiting of this.#waits) hear(waiting, 'ended');
    for (const of of this.#byKey.values()) for (const waiting of of) hear(waiting, 'ended');
  }

  async #wait(waiting: Waiting, until: number): Promise<Heard> {
    if (waiting.heard === undefined && until <= this.#clock.monotonic()) return 'over';
    if (waiting.heard === undefined) {
      waiting.until = until;
      this.#waits.add(waiting);
      await new Promise<void>((resolve) => (waiting.wake = resolve));
      this.#waits.delete(waiting);
      waiting.wake = undefined;
    }
    const heard = waiting.heard ?? 'over';
    if (!isForGood(heard)) waiting.heard = undefined;
    return heard;
  }

  #close(waiting: Waiting): void {
    for (const key of waiting.keys) {
      const others = this.#byKey.get(key);
      others?.delete(waiting);
      if (others?.size === 0) this.#byKey.delete(key);
    }
    if (waiting.only !== undefined && this.#only.get(waiting.only) === waiting)
      this.#only.delete(waiting.only);
    hear(waiting, 'gone');
  }
}

/** What ends the request for good is not undone by a bell, nor is a bell by the end of the time. */
function hear(waiting: Waiting, heard: Heard): void {
  if (waiting.heard === undefined || (isForGood(heard) && !isForGood(waiting.heard))) waiting.heard = heard;
  waiting.wake?.();
}

function isForGood(heard: Heard): boolean {
  return heard !== 'rung' && heard !== 'over';
}
