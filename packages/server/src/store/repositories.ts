import type { RepositorySecrets, RepositorySpec } from '@holdfast/model/fleet';
import type { Put } from './store.ts';

export interface StoredRepository {
  readonly name: string;
  readonly spec: RepositorySpec;
  /** Of the secrets: which are set. */
  readonly secretNames: readonly (keyof RepositorySecrets)[];
  /** The secrets, sealed; null where there are none. */
  readonly sealed: Uint8Array | null;
  readonly createdAt: string;
  readonly version: number;
  readonly repositoryId: string | null;
  readonly reachable: boolean | null;
  readonly why: string;
  readonly scannedAt: string | null;
}

export interface RepositoryTable {
  /** Null where the name is taken. */
  create(
    repository: Pick<StoredRepository, 'name' | 'spec' | 'secretNames' | 'sealed' | 'createdAt'>,
  ): Promise<StoredRepository | null>;
  get(name: string): Promise<StoredRepository | undefined>;
  /** By name. */
  all(): Promise<readonly StoredRepository[]>;
  put(
    name: string,
    version: number | null,
    changed: Pick<StoredRepository, 'spec' | 'secretNames' | 'sealed'>,
  ): Promise<Put<StoredRepository>>;
  /** What a look at it has found. */
  setStatus(
    name: string,
    status: Pick<StoredRepository, 'repositoryId' | 'reachable' | 'why' | 'scannedAt'>,
  ): Promise<void>;
  remove(name: string): Promise<boolean>;
}
