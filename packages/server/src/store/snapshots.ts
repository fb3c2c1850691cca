import type { FleetSnapshot } from '@holdfast/model/fleet';
import type { Page, PageAsked } from './store.ts';

/** The newest snapshots under a policy in a repository: when they were finished; null: there is none. */
export interface SnapshotHead {
  readonly cluster: string;
  readonly repository: string;
  readonly policy: string | null;
  /** Of all that are not damaged. */
  readonly stored: string | null;
  /** Of those that are verified, trusted, not degraded and not `pre-restore`. */
  readonly verified: string | null;
}

/** An index of what repositories hold; it can be made again from them. */
export interface SnapshotTable {
  get(cluster: string, id: string): Promise<FleetSnapshot | undefined>;
  /** Newest first, by `finishedAt` and then by id. */
  list(
    asked: PageAsked & {
      readonly cluster: string;
      readonly repository?: string | undefined;
      readonly policy?: string | undefined;
      readonly state?: FleetSnapshot['state'] | undefined;
    },
  ): Promise<Page<FleetSnapshot>>;
  all(cluster: string): Promise<readonly FleetSnapshot[]>;
  /** Those given are there now, of one cluster in one repository; with `whole` the others of it are marked missing. */
  put(
    of: { readonly cluster: string; readonly repository: string },
    found: readonly FleetSnapshot[],
    how: 'whole' | 'some',
  ): Promise<{ added: number; missing: number }>;
  remove(cluster: string, id: string): Promise<boolean>;
  /** By repository: how many, and their stored bytes. */
  totals(): Promise<
    readonly { readonly repository: string; readonly snapshots: number; readonly storedBytes: number }[]
  >;
  /** By cluster: how many, and the newest that is verified, trusted, not degraded, not missing and not `pre-restore`. @param clusters of these alone; absent: of all */
  newest(
    clusters?: readonly string[],
  ): Promise<
    readonly { readonly cluster: string; readonly snapshots: number; readonly newest: FleetSnapshot | null }[]
  >;
  /** By cluster, repository and policy (null: of none): the newest of those that are not missing. */
  heads(): Promise<readonly SnapshotHead[]>;
}
