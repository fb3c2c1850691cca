import type { FleetSnapshot } from '@holdfast/model/fleet';
import type { Page, PageAsked } from './store.ts';

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
  /** By cluster: how many, and the newest that is verified, trusted and not degraded. */
  newest(): Promise<
    readonly { readonly cluster: string; readonly snapshots: number; readonly newest: FleetSnapshot | null }[]
  >;
}
