import type { FleetRepository } from '@holdfast/model/fleet';
import type { StoredRepository } from '../store/repositories.ts';

/** How much of a repository is indexed. */
export interface Totals {
  readonly snapshots: number;
  readonly storedBytes: number;
}

/** A repository as the API shows it: never its secrets. */
export function fleetRepository(stored: StoredRepository, totals: Totals | undefined): FleetRepository {
  return {
    ...stored.spec,
    createdAt: stored.createdAt,
    version: stored.version,
    secrets: [...stored.secretNames],
    status: {
      id: stored.repositoryId,
      reachable: stored.reachable,
      why: stored.why,
      scannedAt: stored.scannedAt,
      snapshots: totals?.snapshots ?? 0,
      storedBytes: totals?.storedBytes ?? 0,
    },
  };
}
