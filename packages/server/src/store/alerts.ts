import type { FleetAlert, Receiver, ReceiverSpec } from '@holdfast/model/fleet';
import type { Page, PageAsked } from './store.ts';

/** Something that a receiver still has to be told, once: that an alert fired, or that it is over. */
export interface Notice {
  readonly id: number;
  readonly receiver: string;
  readonly alert: FleetAlert;
  readonly attempts: number;
  readonly dueAt: string;
}

export interface AlertTable {
  /** Those that are not resolved. */
  open(): Promise<readonly FleetAlert[]>;
  /** By cluster: how many are open. */
  counts(): Promise<ReadonlyMap<string, number>>;
  list(
    asked: PageAsked & { readonly clusters: readonly string[] | null; readonly resolved: boolean },
  ): Promise<Page<FleetAlert>>;
  /**
   * Stores what has fired and what has resolved, with a notice of each for every receiver but heartbeats, in one. One that
   * is open already does not fire again, and one that is not open does not resolve: both are passed over.
   */
  change(fired: readonly FleetAlert[], resolved: readonly FleetAlert[], at: string): Promise<void>;
  /**
   * Takes notices that are due, in the order of their ids, which nobody else gets until `until`. Of a receiver none is taken
   * as long as an earlier one is put off or with somebody else: it hears of everything in order.
   */
  claimNotices(now: string, until: string, limit: number): Promise<readonly Notice[]>;
  /** It was told, or is given up. */
  told(id: number): Promise<void>;
  again(id: number, dueAt: string): Promise<void>;
}

export interface StoredReceiver {
  readonly id: string;
  readonly spec: ReceiverSpec;
  /** Address or password, sealed. */
  readonly sealed: Uint8Array | null;
  readonly lastTold: Receiver['lastTold'];
}

export interface ReceiverTable {
  create(receiver: Omit<StoredReceiver, 'lastTold'>): Promise<StoredReceiver>;
  get(id: string): Promise<StoredReceiver | undefined>;
  all(): Promise<readonly StoredReceiver[]>;
  setTold(id: string, told: NonNullable<Receiver['lastTold']>): Promise<void>;
  /** With its notices. */
  remove(id: string): Promise<boolean>;
}
