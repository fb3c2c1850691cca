import type { Clock } from '@holdfast/base';
import type { Connect, RestoreNode } from '@holdfast/engine';
import type { Order, OrderOutcome } from '@holdfast/model/fleet';
import type { DaemonLog } from '../../standalone/log.ts';
import type { JobPorts } from '../../standalone/ports.ts';
import type { OrderEvent } from '../sync/order-journal.ts';
import type { Calls } from '../restore/calls.ts';
import type { PeerDoor } from '../peer/door.ts';
import type { Identity } from '../identity/identity.ts';
import type { StoredIn } from './stored-in.ts';

/** Everything that carrying out orders takes of this machine. */
export interface OrderPorts {
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: DaemonLog;
  /** Repositories by the names that the fleet gives them. */
  readonly jobs: JobPorts;
  /** @throws Failure usage, file-unreadable */
  readonly connector: () => Promise<Connect>;
  /** The members and the parts of the control plane of this machine. */
  readonly local: RestoreNode;
  readonly identity: () => Identity;
  readonly calls: Calls;
  readonly door: PeerDoor;
  readonly storedIn: StoredIn;
}

/** One order that is being carried out. */
export interface Act {
  readonly order: Order;
  /** Aborted when it is cancelled, its time is over, or the agent ends. */
  readonly signal: AbortSignal;
  /** What it has told before this process began to carry it out; empty the first time. */
  readonly told: readonly OrderEvent[];
  /** Tells something for good; it is on the disk when this resolves. */
  tell(type: 'record' | 'note', data: Readonly<Record<string, unknown>>): Promise<void>;
  /** Tells how far it is; only the newest counts. */
  progress(data: Readonly<Record<string, unknown>>): void;
}

export type Result = Extract<OrderOutcome, { outcome: 'done' }>['result'];
