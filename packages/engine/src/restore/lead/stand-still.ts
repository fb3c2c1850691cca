import { Failure } from '@holdfast/base';
import { faultDetails, faultSentence, type Fault } from './fault.ts';
import type { Leader } from './leader.ts';

/**
 * Leaves a restore where it stands, on the way back, for a person: something could not be undone or stopped, or still acts.
 *
 * @param first what had led to it; the fault's own error when absent
 * @param besides what the failure says behind the fault
 * @throws restore-stuck; what the journal throws
 */
export async function standStill(
  { plan, journal }: Leader,
  fault: Fault,
  { first = fault.error, besides = '' }: { readonly first?: unknown; readonly besides?: string } = {},
): Promise<never> {
  const why = faultSentence(fault);
  await journal.append('stuck', { step: fault.step.number, evidence: { why } });
  const details = { id: plan.id, ...faultDetails(fault) };
  throw new Failure('restore-stuck', `${why}${besides}`, details, { cause: first });
}
