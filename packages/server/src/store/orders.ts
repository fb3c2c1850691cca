import type { Order, OrderOutcome } from '@holdfast/model/fleet';

/** An event of an order as its node tells it. */
export interface OrderEvent {
  readonly order: string;
  readonly n: number;
  readonly at: string;
  readonly type: 'record' | 'progress' | 'note';
  readonly data: Readonly<Record<string, unknown>>;
}

export interface StoredOrder {
  readonly order: Order;
  /** Whether it is to be given up. */
  readonly cancelled: boolean;
  readonly outcome: OrderOutcome | null;
  readonly settledAt: string | null;
}

export interface OrderTable {
  /** @param key of the caller: asked again with it for the same operation, the first order is told and none is made. Rings the node. @throws Failure operation-unknown */
  create(order: Order, key: string): Promise<StoredOrder>;
  get(id: string): Promise<StoredOrder | undefined>;
  /** Those of a node that have no outcome, oldest first. */
  open(node: string): Promise<readonly StoredOrder[]>;
  /** How many have no outcome. */
  countOpen(): Promise<number>;
  ofOperation(operation: string): Promise<readonly StoredOrder[]>;
  /** The first outcome counts. Rings the order and its operation. @returns whether this one did */
  settle(id: string, outcome: OrderOutcome, at: string): Promise<boolean>;
  /** Asks its node to give it up; rings the node. */
  cancel(id: string): Promise<void>;
  /**
   * Stores events that come next in number; earlier ones are known and passed over, later ones are left out. Of `progress`
   * only the newest is kept. Rings the order and its operation.
   *
   * @returns by order, up to which number (inclusive) they are stored; an order that is gone, or has none, is not in it
   */
  tell(events: readonly OrderEvent[]): Promise<ReadonlyMap<string, number>>;
  /** The events of type `record` and `note` of an order, by number. */
  events(order: string, from: number): Promise<readonly OrderEvent[]>;
  progress(order: string): Promise<OrderEvent | undefined>;
  removeOf(operation: string): Promise<void>;
}
