import type { OperationState } from './operation.ts';
import type { PlannedStep } from './restore-plan.ts';

/** What a person can do with a restore, by the names of the commands. */
export type RestoreVerb = 'resume' | 'abort' | 'rollback' | 'release';

/**
 * What can be done with a restore where it stands, the better one first; nothing that would be refused, but that `abort`
 * looks at the cluster where a step that is final was begun. Of `abort` and `rollback`, which both take everything back,
 * the one that fits: `rollback` asks, and is for a cluster that may have been written to.
 *
 * @param stood whether a later restore of the cluster stands on this one: its old data cannot come back under that
 */
export function possibleVerbs(
  steps: readonly PlannedStep[],
  state: OperationState,
  stood = false,
): RestoreVerb[] {
  const { outcome, direction, released } = state;
  const isBegun = ({ number }: PlannedStep): boolean => (state.steps[number - 1] ?? 'pending') !== 'pending';
  const canUndo = !steps.some((step) => step.final && state.steps[step.number - 1] === 'done');
  if (released) return [];
  if (outcome === 'finished') return canUndo && !stood ? ['rollback', 'release'] : ['release'];
  // What a cluster that was started took in is put aside.
  if (outcome === 'rolled-back')
    return steps.some((step) => step.kind === 'start' && isBegun(step)) ? ['release'] : [];
  if (direction === 'back') return stood ? [] : ['resume'];
  if (stood || !canUndo) return ['resume'];
  const serves = state.mayBeWritten || steps.some((step) => step.phase === 'Finished' && isBegun(step));
  return ['resume', serves ? 'rollback' : 'abort'];
}
