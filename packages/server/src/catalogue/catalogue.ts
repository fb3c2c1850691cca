import type { FleetSnapshot, RepositorySecrets, RepositorySpec } from '@holdfast/model/fleet';
import type { Repository } from '@holdfast/repository';

/** What a scan of a cluster's repositories has found. */
export interface Scan {
  readonly snapshots: number;
  readonly found: number;
  readonly missing: number;
  readonly unreachable: readonly { readonly repository: string; readonly why: string }[];
}

/** What repositories hold, indexed. The repositories are the truth: it is made again from them at any time. */
export interface Catalogue {
  /** Looks into all repositories of a cluster. @throws Failure cluster-unknown; the signal's reason */
  scan(cluster: string, signal: AbortSignal): Promise<Scan>;
  /**
   * A snapshot has just been stored, deleted, or looked at anew: looks at that one alone.
   *
   * @param drilledAt when a drill of it has just passed: repositories do not hold that
   * @returns undefined: it is not there
   * @throws Failure cluster-unknown, repository-unknown; what keeps the repository from being read
   */
  refresh(
    cluster: string,
    repository: string,
    name: string,
    signal: AbortSignal,
    drilledAt?: string,
  ): Promise<FleetSnapshot | undefined>;
  /** Finds the clusters that a repository holds and the fleet does not know, by name: after the database was lost. */
  unknown(
    repository: string,
    signal: AbortSignal,
  ): Promise<readonly { readonly name: string; readonly id: string; readonly snapshots: number }[]>;
}

/** Opens a repository as the fleet describes it, with its secrets in memory alone. */
export type OpenFleetRepository = (
  spec: RepositorySpec,
  secrets: RepositorySecrets,
  how: { readonly create: boolean; readonly signal: AbortSignal },
) => Promise<Repository>;
