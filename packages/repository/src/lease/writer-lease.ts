import { randomUUID } from 'node:crypto';
import { limits, systemClock, type Clock } from '@holdfast/base';
import { thisProcess } from '../holder.ts';
import type { Storage } from '../storage/storage.ts';
import { acquire, isFree, type AcquireOptions } from './acquire.ts';
import { Chain, type ChainBounds } from './chain.ts';
import type { Committed, LeaseHolder } from './entry.ts';
import type { Lease } from './lease.ts';

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

  /** What is committed and not withdrawn, in the order of the commits. @throws what storages throw */
  async committed(): Promise<readonly Committed[]> {
    return (await this.#chain.head()).committed;
  }

  /** Takes the lease as soon as nobody has it. @throws lease-held, what storages throw */
  acquire(options: AcquireOptions): Promise<Lease> {
    const uuid = this.#options.uuid ?? randomUUID;
    const ttlMs = this.#options.ttlMs ?? limits.leaseTtlMs;
    const source = { holder: { id: uuid(), ...thisProcess() }, ttlMs, uuid };
    const marginMs = this.#options.marginMs ?? limits.leaseMarginMs;
    return acquire(this.#storage, this.#chain, source, marginMs, options);
  }
}
