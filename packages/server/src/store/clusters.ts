import type { ClusterSpec } from '@holdfast/model/fleet';
import type { Page, PageAsked, Put } from './store.ts';

export interface StoredCluster {
  readonly id: string;
  readonly spec: ClusterSpec;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly version: number;
  /** The exclusive operation that holds it. */
  readonly heldBy: string | null;
}

export interface ClusterTable {
  /** Null where the name is taken: names are unique. */
  create(cluster: Pick<StoredCluster, 'id' | 'spec' | 'createdAt'>): Promise<StoredCluster | null>;
  get(id: string): Promise<StoredCluster | undefined>;
  byName(name: string): Promise<StoredCluster | undefined>;
  /** By name. `ids`: of these alone; null: of all. */
  list(asked: PageAsked & { readonly ids: readonly string[] | null }): Promise<Page<StoredCluster>>;
  all(): Promise<readonly StoredCluster[]>;
  /** @param version that the change is made to; null: whichever. @throws Failure name-taken by another cluster */
  put(id: string, version: number | null, spec: ClusterSpec, at: string): Promise<Put<StoredCluster>>;
  /** With everything that belongs to it. */
  remove(id: string): Promise<boolean>;
  /** An operation takes the cluster for itself. @returns the one that holds it: the asked one, or another */
  hold(id: string, operation: string): Promise<string | undefined>;
  release(id: string, operation: string): Promise<void>;
}
