import { isFailure } from '@holdfast/base';
import { expect } from 'vitest';
import type { Storage } from '../../storage/storage.ts';
import type { Lease } from '../lease.ts';
import { WriterLease } from '../writer-lease.ts';
import { Actor, World, type Fate } from './interleaver.ts';
import { Truth } from './truth.ts';

/** What happens next: a writer (or, with the highest number, a reader) makes some calls; a late request arrives. */
export type Step =
  | { readonly who: number; readonly calls: number; readonly fate: Fate; readonly after: number }
  | { readonly land: number };

/** What a writer does with the lease, over and over. */
export type Deed = 'commit' | 'commit twice' | 'renew' | 'withdraw' | 'release';

export interface History {
  /** How long a holder may be silent: with 0 it is taken for dead at the second look, however well it is. */
  readonly patienceMs: number;
  readonly deeds: readonly (readonly Deed[])[];
  readonly steps: readonly Step[];
}

interface Asked {
  readonly key: string;
  outcome: 'open' | 'done' | 'lost';
  /** The last position when the outcome was heard. */
  position: number;
}

interface Seen {
  readonly keys: readonly string[];
  readonly from: number;
  readonly to: number;
}

const bounds = { keepEntries: 2, keepMs: 0, changes: 3 };
const speeds = [1, 0.5, 1.5, 1];
let runs = 0;

/** One run of several writers and a reader, with everything that they were told. */
export class Run {
  readonly world = new World();
  readonly truth: Truth;
  readonly commits: Asked[] = [];
  readonly withdrawals: Asked[] = [];
  readonly seen: Seen[] = [];
  readonly #actors: Actor[];
  readonly #patienceMs: number;
  /** A holder that has given up is known by its id in the whole process: one of another run must not be one of this. */
  readonly #name = `run-${(runs += 1)}`;
  #ids = 0;

  constructor(storage: (world: World) => Storage, history: History) {
    this.truth = new Truth(storage(this.world));
    this.#patienceMs = history.patienceMs;
    this.#actors = history.deeds.map(
      (deeds, n) =>
        new Actor(this.world, n * 1e6, speeds[n % speeds.length]!, (actor) => this.#write(actor, deeds)),
    );
    this.#actors.push(new Actor(this.world, 5e7, 1, (actor) => this.#read(actor)));
  }

  async take(step: Step): Promise<void> {
    if ('land' in step) return this.world.land(step.land);
    const actor = this.#actors[step.who % this.#actors.length]!;
    for (let call = 1; call < step.calls; call += 1) await actor.step('done');
    await actor.step(step.fate);
    this.world.now += step.after;
  }

  /** Everything that is on its way arrives, and whoever comes then can go on; held against all that was told. */
  async settle(): Promise<void> {
    while (this.world.late.length > 0) await this.world.land(0);
    expect(this.truth.faults).toEqual([]);
    const clock = this.#actors[0]!.clock;
    const lease = this.#leaseOf(this.truth, { ...clock, sleep: async (ms) => void (this.world.now += ms) });
    expect(((await lease.committed()) ?? []).map(({ key }) => key)).toEqual(this.truth.links.at(-1)?.keys);
    const held = await lease.acquire({ waitMs: 10_000 });
    for (let n = 1; n <= 4; n += 1) {
      expect(await held.commit(`s/end/${n}-${held.epochName}.json`, Buffer.from(String(n)))).toBe(true);
    }
    expect(await lease.committed()).toHaveLength(this.truth.links.at(-1)!.keys.length);
    let left = 0;
    for await (const { key } of this.truth.list('s/lease')) left += key === '' ? 0 : 1;
    expect(left).toBeLessThanOrEqual(bounds.keepEntries + 1);
    this.#judge();
  }

  #judge(): void {
    const { faults, links } = this.truth;
    expect(faults).toEqual([]);
    for (const { key, outcome, position } of this.commits) {
      const first = links.findIndex(({ keys }) => keys.includes(key));
      // It may have come and been withdrawn before its writer woke up to ask.
      const after = links.slice(position).findIndex(({ keys }) => keys.includes(key));
      if (outcome === 'lost') expect(after, `${key} was lost and is listed`).toBe(-1);
      if (outcome === 'done') expect(first, `${key} is done and was never listed`).toBeGreaterThan(0);
      if (outcome === 'done')
        expect(first, `${key} was done before it was listed`).toBeLessThanOrEqual(position);
    }
    for (const { key, outcome, position } of this.withdrawals) {
      if (outcome !== 'done') continue;
      const last = links.findLastIndex(({ keys }) => keys.includes(key));
      expect(last, `${key} is withdrawn and listed`).toBeLessThan(position + 1);
    }
    for (const { keys, from, to } of this.seen) {
      const states = links.slice(from, to + 1).map((link) => link.keys.join());
      expect(states, 'what a reader saw was never so').toContain(keys.join());
    }
  }

  #leaseOf(storage: Storage, clock: Actor['clock']): WriterLease {
    const uuid = (): string => `${this.#name}-${(this.#ids += 1)}`;
    const patience = { ttlMs: this.#patienceMs, marginMs: this.#patienceMs / 5 };
    return new WriterLease(storage, 's', { ...bounds, ...patience, clock, uuid });
  }

  async #read(actor: Actor): Promise<void> {
    const from = this.truth.position;
    const found = await orFailure(this.#leaseOf(actor.sees(this.truth), actor.clock).committed());
    if (found !== undefined)
      this.seen.push({ keys: found.map(({ key }) => key), from, to: this.truth.position });
  }

  async #write(actor: Actor, deeds: readonly Deed[]): Promise<void> {
    const lease = await orFailure(
      this.#leaseOf(actor.sees(this.truth), actor.clock).acquire({ waitMs: 1000 }),
    );
    if (lease === undefined) return;
    for (let n = 0; n < 12; n += 1) {
      const going = await this.#do(lease, deeds[n % deeds.length]!);
      if (!going) return;
    }
  }

  /** Returns whether the lease is still there, as far as its holder knows. */
  async #do(lease: Lease, deed: Deed): Promise<boolean> {
    if (deed === 'release') return lease.release().then(() => false);
    if (deed === 'renew') return this.#asked(undefined, () => lease.renew());
    if (deed === 'withdraw') {
      const key = this.truth.links.at(-1)?.keys[0];
      if (key === undefined) return true;
      const asked: Asked = { key, outcome: 'open', position: 0 };
      this.withdrawals.push(asked);
      return this.#asked(asked, () => lease.withdraw(key));
    }
    const key = `s/c/${(this.#ids += 1)}-${lease.epochName}.json`;
    const asked: Asked = { key, outcome: 'open', position: 0 };
    this.commits.push(asked);
    const commit = (): Promise<boolean> => this.#asked(asked, () => lease.commit(key, Buffer.from(key)));
    const going = await commit();
    return deed === 'commit twice' && going ? commit() : going;
  }

  async #asked(asked: Asked | undefined, act: () => Promise<unknown>): Promise<boolean> {
    try {
      await act();
      if (asked?.outcome === 'open') Object.assign(asked, { outcome: 'done', position: this.truth.position });
      return true;
    } catch (error) {
      if (!isFailure(error)) throw error;
      const lost = error.code === 'lease-lost';
      if (lost && asked?.outcome === 'open')
        Object.assign(asked, { outcome: 'lost', position: this.truth.position });
      return !lost;
    }
  }
}

async function orFailure<T>(result: Promise<T>): Promise<T | undefined> {
  try {
    return await result;
  } catch (error) {
    if (isFailure(error)) return undefined;
    throw error;
  }
}
