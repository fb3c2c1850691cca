import { isFailure, type Failure } from '@holdfast/base';
import type { Evidence } from '@holdfast/model';
import type { Repository, SnapshotId } from '@holdfast/repository';

/**
 * Records a verification, if the repository takes it: what was found is true all the same.
 *
 * @param isTold which failures are returned; others are thrown
 * @returns why the repository did not take it; null when it did
 */
export async function recordEvidence(
  repository: Repository,
  snapshot: SnapshotId,
  evidence: Evidence,
  isTold: (failure: Failure) => boolean = () => true,
): Promise<Failure | null> {
  try {
    await repository.addEvidence(snapshot, evidence);
    return null;
  } catch (error) {
    if (isFailure(error) && isTold(error)) return error;
    throw error;
  }
}
