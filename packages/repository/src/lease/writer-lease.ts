import { randomUUID } from 'node:crypto';
import { limits, systemClock, type Clock } from '@holdfast/base';
import { thisProcess } from '../holder.ts';
import type { Storage } from '../storage/storage.ts';
import { acquire, isFree, type AcquireOptions } from './acquire.ts';
import { Chain, type ChainBounds } from './chain.ts';
import type { Committed, LeaseEntry, LeaseHolder } from './entry.ts';
import type { EntrySource, Lease } from './lease.ts';

/** What tests set and others leave as `limits` has it. */
export interface LeaseOptions extends Partial<ChainBounds> {
  readonly clock?: Clock;
  readonly uuid?: () => string;
  /** Milliseconds without a sign after which others may take over. */
  readonly ttlMs?: number;
  /** Milliseconds that a taker waits beyond, for clocks of unequal speed and slow requests. */
  readonly marginMs?: number;
}

/** Who holds a lease, as far as is known. */
export interface LeaseTenure {
  readonly epoch: number;
  readonly holder: LeaseHolder;
  /** When the holder last gave a sign, by its own wall clock. */
  readonly at: string;
}

/** The lease on one scope: a folder in which only one writes at a time. index.ts has the protocol. */
export class WriterLease {
  readonly #storage: Storage;
  readonly #chain: Chain;
  readonly #options: LeaseOptions;

  /** @param scope a key's beginning, such as `clusters/<id>`; entries are below `<scope>/lease/` */
  constructor(storage: Storage, scope: string, options: LeaseOptions = {}) {
    this.#storage = storage;
    this.#options = options;
    this.#chain = new Chain(storage, scope, options.clock ?? systemClock, {
      keepEntries: options.keepEntries ?? limits.leaseEntriesKept,
      keepMs: options.keepMs ?? limits.leaseEntryAgeMs,
      changes: options.changes ?? limits.leaseChanges,
    });
  }

  /** Who holds it; undefined when it is free. One who died far away is still told. @throws what storages throw */
  async current(): Promise<LeaseTenure | undefined> {
    const { entry } = await this.#chain.head();
    if (entry === undefined || isFree(entry)) return undefined;
    return { epoch: entry.epoch, holder: entry.holder, at: entry.at };
  }

  /**
   * What is committed and not withdrawn, in the order of the commits; undefined where nobody ever held the lease.
   *
   * @throws what storages throw
   */
  async committed(): Promise<readonly Committed[] | undefined> {
    const { entry, committed } = await this.#chain.head();
    return entry && committed;
  }

  /**
   * Begins a chain whose entries are all lost, with what is known to have been committed. It goes on behind every epoch
   * of those, so that no name is given twice; nobody holds the lease after it.
   *
   * @returns false where entries are there; then nothing is changed
   * @throws what storages throw
   */
  async begin(committed: readonly Committed[]): Promise<boolean> {
    if ((await this.#chain.head()).entry !== undefined) return false;
    const { holder, ttlMs, uuid } = this.#source();
    const position = 1 + committed.reduce((most, { epoch }) => Math.max(most, epoch), 0);
    const entry: LeaseEntry = {
      apiVersion: 'holdfast.dev/v1',
      kind: 'LeaseEntry',
      position,
      id: uuid(),
      previous: null,
      act: 'release',
      epoch: position,
      holder,
      at: this.#chain.clock.now().toISOString(),
      ttlMs,
      base: null,
      changes: committed.map((commit) => ({ commit })),
    };
    return (await this.#chain.put(entry)) && (await this.#chain.standingOf(entry)).is !== 'void';
  }

  /** Takes the lease as soon as nobody has it. @throws lease-held, what storages throw */
  acquire(options: AcquireOptions): Promise<Lease> {
    const source = this.#source();
    const marginMs = this.#options.marginMs ?? limits.leaseMarginMs;
    return acquire(this.#storage, this.#chain, source, marginMs, options);
  }

  #source(): EntrySource {
    const uuid = this.#options.uuid ?? randomUUID;
    const ttlMs = this.#options.ttlMs ?? limits.leaseTtlMs;
    return { holder: { id: uuid(), ...thisProcess() }, ttlMs, uuid };
  }
}
