import { setTimeout as wait } from 'node:timers/promises';
import { systemClock, type Clock } from '@holdfast/base';

/** Something that happens so many milliseconds after the start, by no clock that anybody sets. */
export interface Happening {
  readonly atMs: number;
  readonly act: () => Promise<void> | void;
}

const isFile = /^(?:FSReq|CloseReq)/;

/** A wall clock that stands still while work is done, and else goes on at once to whatever is waited for. */
export class SimulatedClock {
  #wall: number;
  #steady = 0;
  #working = 0;
  #happenings: Happening[];

  constructor(at: string, happenings: readonly Happening[]) {
    this.#wall = Date.parse(at);
    this.#happenings = happenings.toSorted((a, b) => a.atMs - b.atMs);
  }

  /** Milliseconds since the start. */
  get steady(): number {
    return this.#steady;
  }

  /** Somebody sets the wall clock. */
  set(byMs: number): void {
    this.#wall += byMs;
  }

  /** The clock stands still until this is over. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    this.#working += 1;
    try {
      return await work();
    } finally {
      this.#working -= 1;
    }
  }

  /** For the loop of a daemon that has not been killed. */
  forLoop(isDead: () => boolean): Clock {
    return {
      now: () => new Date(this.#wall),
      monotonic: () => this.#steady,
      sleep: async (ms, signal) => {
        await this.#untilIdle(signal);
        if (isDead()) await new Promise(() => {});
        signal?.throwIfAborted();
        await this.#goOn(ms);
      },
    };
  }

  /** For work: real time passes, and the wall clock shows the simulated one. */
  forWork(): Clock {
    return {
      now: () => new Date(this.#wall),
      monotonic: () => systemClock.monotonic(),
      sleep: (ms, signal) => systemClock.sleep(ms, signal),
    };
  }

  /** The same for what waits between its attempts: that is a hundred times shorter, and a limit of time ten times. */
  forAttempts(): Clock {
    return {
      ...this.forWork(),
      sleep: (ms, signal) => systemClock.sleep(ms < 10_000 ? ms / 100 : ms / 10, signal),
    };
  }

  /** Until no work is under way, and no file was read or written for some turns: records are written between the work. */
  async #untilIdle(signal: AbortSignal | undefined): Promise<void> {
    for (let quiet = 0; quiet < 10;) {
      if (signal?.aborted === true) return;
      if (this.#working > 0) await wait(1);
      else await new Promise(setImmediate);
      const isBusy = this.#working > 0 || process.getActiveResourcesInfo().some((each) => isFile.test(each));
      quiet = isBusy ? 0 : quiet + 1;
    }
  }

  async #goOn(ms: number): Promise<void> {
    const to = this.#steady + ms;
    for (;;) {
      const [next] = this.#happenings;
      const until = next === undefined || next.atMs > to ? to : Math.max(next.atMs, this.#steady);
      this.#wall += until - this.#steady;
      this.#steady = until;
      if (next === undefined || next.atMs > to) return;
      this.#happenings.shift();
      await next.act();
    }
  }
}
