import { isFailure } from '@holdfast/base';
import { step, type RunnerParts } from './step.ts';

/** Milliseconds for which a claim holds without being renewed. */
const leaseMs = 15_000;
const renewMs = 5_000;
/** Milliseconds between two looks for operations that nobody carries on. */
const claimMs = 1_000;
const claimAtOnce = 200;
/** Milliseconds after which every operation is looked at again, whatever it waits for: clocks may be set, bells missed. */
const lookMs = 30_000;
/** Milliseconds that an operation rests at which something went wrong that nobody foresaw. */
const failedMs = 5_000;
/** How many operations are looked at at the same time. */
const atOnce = 64;

interface Carried {
  readonly cluster: string;
  /** On the monotonic clock. */
  lookAt: number;
  isBusy: boolean;
}

/**
 * Carries operations on: claims those that nobody has, keeps the claims, and does what is next in each when something has
 * happened or its time has come. What it keeps in memory is only when to look again.
 */
export class Runner {
  readonly #parts: RunnerParts;
  readonly #mine = new Map<string, Carried>();
  #wake = Promise.withResolvers<void>();
  #busy = 0;
  #claimAt = 0;
  #renewAt = 0;

  constructor(parts: RunnerParts) {
    this.#parts = parts;
  }

  /** There may be something new to claim. */
  nudge(): void {
    this.#claimAt = 0;
    this.#wake.resolve();
  }

  /** Until the signal says so; lets go of everything then. */
  async run(signal: AbortSignal): Promise<void> {
    const { store } = this.#parts.context;
    const silence = store.bell.on('operation', (id) => this.#heard(id));
    const end = (): void => this.#wake.resolve();
    signal.addEventListener('abort', end);
    try {
      while (!signal.aborted) {
        await this.#safely('claims', () => this.#claim());
        await this.#safely('leases', () => this.#renew());
        this.#begin(signal);
        await this.#rest(signal);
      }
    } finally {
      signal.removeEventListener('abort', end);
      silence();
      await this.#letGo();
    }
  }

  #heard(id: string): void {
    const carried = this.#mine.get(id);
    if (carried === undefined) return;
    carried.lookAt = 0;
    this.#wake.resolve();
  }

  async #claim(): Promise<void> {
    const { store, clock, replica } = this.#parts.context;
    if (clock.monotonic() < this.#claimAt) return;
    this.#claimAt = clock.monotonic() + claimMs;
    const [now, until] = this.#lease();
    const claimed = await store.operations.claim(replica, now, until, claimAtOnce);
    for (const { id, cluster } of claimed)
      if (!this.#mine.has(id)) this.#mine.set(id, { cluster, lookAt: 0, isBusy: false });
    if (claimed.length === claimAtOnce) this.#claimAt = 0;
  }

  async #renew(): Promise<void> {
    const { store, clock, replica } = this.#parts.context;
    if (clock.monotonic() < this.#renewAt || this.#mine.size === 0) return;
    const [, until] = this.#lease();
    const kept = new Set(await store.operations.renew(replica, [...this.#mine.keys()], until));
    this.#renewAt = clock.monotonic() + renewMs;
    for (const id of this.#mine.keys()) if (!kept.has(id)) this.#mine.delete(id);
  }

  #lease(): [now: string, until: string] {
    const now = this.#parts.context.clock.now();
    return [now.toISOString(), new Date(now.getTime() + leaseMs).toISOString()];
  }

  #begin(signal: AbortSignal): void {
    const now = this.#parts.context.clock.monotonic();
    for (const [id, carried] of this.#mine) {
      if (this.#busy >= atOnce) return;
      if (carried.isBusy || carried.lookAt > now) continue;
      carried.isBusy = true;
      carried.lookAt = Infinity;
      this.#busy += 1;
      void this.#carryOn(id, carried, signal);
    }
  }

  async #carryOn(id: string, carried: Carried, signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#parts.context;
    let restMs: number = failedMs;
    try {
      const next = await step(this.#parts, id, signal);
      if (next === undefined) this.#over(id, carried.cluster);
      else restMs = Math.min(Math.max(next - clock.now().getTime(), 0), lookMs);
    } catch (error) {
      const why = isFailure(error) ? `${error.message}: ${error.why}` : String(error);
      if (!signal.aborted) log.error({ operation: id, why }, 'an operation could not be carried on');
    }
    // What was heard meanwhile has set it to an earlier time.
    carried.lookAt = Math.min(carried.lookAt, clock.monotonic() + restMs);
    carried.isBusy = false;
    this.#busy -= 1;
    this.#wake.resolve();
  }

  /** What waits for its cluster may go on now. */
  #over(id: string, cluster: string): void {
    this.#mine.delete(id);
    for (const other of this.#mine.values()) if (other.cluster === cluster) other.lookAt = 0;
  }

  async #rest(signal: AbortSignal): Promise<void> {
    const { clock } = this.#parts.context;
    const idle = this.#busy < atOnce ? [...this.#mine.values()].filter(({ isBusy }) => !isBusy) : [];
    const at = idle.reduce(
      (first, { lookAt }) => Math.min(first, lookAt),
      Math.min(this.#claimAt, clock.monotonic() + claimMs),
    );
    const rest = new AbortController();
    const sleeping = clock.sleep(Math.max(at - clock.monotonic(), 1), rest.signal).catch(() => {});
    if (!signal.aborted) await Promise.race([sleeping, this.#wake.promise]);
    rest.abort();
    this.#wake = Promise.withResolvers<void>();
  }

  async #safely(what: string, act: () => Promise<void>): Promise<void> {
    try {
      await act();
    } catch (error) {
      const { log } = this.#parts.context;
      const why = isFailure(error) ? `${error.message}: ${error.why}` : String(error);
      log.error({ why }, `the ${what} of operations could not be had`);
    }
  }

  async #letGo(): Promise<void> {
    const { store, replica } = this.#parts.context;
    for (const id of this.#mine.keys()) {
      await this.#safely('claims', () => store.operations.unclaim(replica, id));
      this.#mine.delete(id);
    }
  }
}
