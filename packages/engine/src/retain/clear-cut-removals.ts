import { isFailure } from '@holdfast/base';
import type { Repository, UnfinishedSnapshot } from '@holdfast/repository';
import type { VerbContext } from '../context.ts';

/** What was left of a snapshot by a removal that was cut short. */
export interface ClearedRemains {
  readonly clusterId: string;
  readonly name: string;
}

/** Goes on with removals that died on the way. What cannot be cleared now stays for the next time. */
export async function clearCutRemovals(
  { signal }: VerbContext,
  repository: Repository,
  remains: readonly UnfinishedSnapshot[],
): Promise<ClearedRemains[]> {
  const cleared: ClearedRemains[] = [];
  for (const { clusterId, name } of remains) {
    signal.throwIfAborted();
    try {
      if (!(await repository.isCutRemoval({ name, cluster: { id: clusterId } }))) continue;
      if (await repository.clearRemains(clusterId, name)) cleared.push({ clusterId, name });
    } catch (error) {
      if (!isFailure(error)) throw error;
    }
  }
  return cleared;
}
