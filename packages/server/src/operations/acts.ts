import type { OrderKind, OrderOutcome, OperationEvent } from '@holdfast/model/fleet';
import type { OperationChange } from '../store/operations.ts';
import type { RestartTarget } from './restart-targets.ts';

/** An order that is to be made. Made again with the same key, it is the same order. */
export interface WantedOrder {
  readonly node: string;
  readonly kind: OrderKind;
  /** How many orders the operation had before it: with the operation's id its key. */
  readonly attempt: number;
  readonly input: Readonly<Record<string, unknown>>;
  /** Milliseconds until it is given up; null: never. */
  readonly limitMs: number | null;
}

/**
 * What is to be done next with an operation. `change` is what is stored with it, in the same transaction; events of changed
 * states and phases follow from it.
 */
export type Act = {
  readonly change: OperationChange;
  readonly told?: readonly Told[];
  /** What the catalogue is to look at before the change is stored. */
  readonly refresh?: readonly SnapshotPlace[];
} & (
  | { readonly do: 'wait'; readonly untilMs: number }
  /** Stores the change and looks again. */
  | { readonly do: 'change' }
  /** Takes the cluster for itself. */
  | { readonly do: 'hold' }
  | { readonly do: 'order'; readonly order: WantedOrder }
  /** Gives the order up, whatever its node does: tells the node, and puts down how it ended. */
  | { readonly do: 'settle'; readonly order: string; readonly outcome: OrderOutcome }
  /** Asks its node to give it up. */
  | { readonly do: 'withdraw'; readonly order: string }
  /** Has other operations of the cluster given up. */
  | { readonly do: 'displace'; readonly operations: readonly string[]; readonly reason: string }
  /** It is over: lets go of the cluster, and makes what follows. */
  | { readonly do: 'end'; readonly follows: Following | null }
);

export interface SnapshotPlace {
  readonly repository: string;
  /** Of the snapshot. */
  readonly name: string;
  /** When a drill of it has passed. */
  readonly drilledAt?: string;
}

/** What is told of an operation besides its state and phase. */
export type Told = Pick<OperationEvent, 'type' | 'data'>;

/** What follows the end of an operation: the prune after a save of a policy, the restore by a plan, or the restart of nodes after it. */
export type Following =
  | { readonly make: 'prune'; readonly policy: string; readonly after: string }
  | { readonly make: 'restore' }
  | { readonly make: 'restart-nodes'; readonly targets: readonly RestartTarget[] };
