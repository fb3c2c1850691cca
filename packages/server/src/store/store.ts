import type { AlertTable, ReceiverTable } from './alerts.ts';
import type { AuditTable } from './audit.ts';
import type { Bell } from './bell.ts';
import type { ClusterTable } from './clusters.ts';
import type { NodeTable, JoinTokenTable } from './nodes.ts';
import type { OperationTable } from './operations.ts';
import type { OrderTable } from './orders.ts';
import type { TokenTable, UserTable } from './people.ts';
import type { PolicyTable } from './policies.ts';
import type { RepositoryTable } from './repositories.ts';
import type { ReplyTable, SettingTable } from './settings.ts';
import type { SnapshotTable } from './snapshots.ts';

/** The tables; inside `transaction` all of them are of that transaction. */
export interface Tables {
  readonly clusters: ClusterTable;
  readonly nodes: NodeTable;
  readonly joinTokens: JoinTokenTable;
  readonly repositories: RepositoryTable;
  readonly policies: PolicyTable;
  readonly snapshots: SnapshotTable;
  readonly operations: OperationTable;
  readonly orders: OrderTable;
  readonly users: UserTable;
  readonly tokens: TokenTable;
  readonly audit: AuditTable;
  readonly alerts: AlertTable;
  readonly receivers: ReceiverTable;
  readonly settings: SettingTable;
  readonly replies: ReplyTable;
}

/**
 * What the server remembers, in SQLite or PostgreSQL. It is an index of repositories and agents, and the record of people:
 * secrets in it are sealed by whoever puts them there. Every call that changes something is on the disk when it returns.
 * All throw Failures: `store-unreachable`, `store-newer`, `store-full`.
 */
export interface Store extends Tables, AsyncDisposable {
  readonly kind: 'sqlite' | 'postgresql';
  readonly bell: Bell;
  /**
   * All or nothing, as if nothing else went on meanwhile; done again by itself where it came into another's way, so `work`
   * does nothing but ask its tables; to ask the store itself within it is refused.
   */
  transaction<T>(work: (tables: Tables) => Promise<T>): Promise<T>;
  /** Whether it answers. @throws Failure store-unreachable */
  ping(): Promise<void>;
}

/** One page of a list; `next` is given back as `after`. */
export interface Page<Item> {
  readonly items: readonly Item[];
  readonly next: string | null;
}

/** `clusters`: only what is of these; null: of all. */
export interface PageAsked {
  readonly limit: number;
  readonly after?: string | undefined;
}

/** A change that somebody else came before: `version` is not the newest any more. */
export type Put<Item> = { readonly put: Item } | { readonly conflict: Item } | { readonly missing: true };
