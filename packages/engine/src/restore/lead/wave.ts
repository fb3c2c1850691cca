import { stepEntry, type OperationState, type PlannedStep, type StepKind } from '@holdfast/model';

/**
 * What comes one at a time though it is about members or parts of the control plane.
 *
 * Stopping etcds: a leader that stops hands its office over: to one that stops at the same moment it tries for five
 * seconds, to one that stops after it in no time, and alone it does not try (etcd, TryTransferLeadershipOnShutdown).
 *
 * Starting parts of the control plane: API servers come first in the plan, and what asks them needs one that is ready.
 * Stopped they are side by side.
 */
const oneByOne: Record<OperationState['direction'], readonly StepKind[]> = {
  forward: ['stop', 'serve'],
  back: ['start', 'halt'],
};

/**
 * The steps that come next and may be done, or undone, at the same time: one kind, each on a member of its own, side by
 * side in the plan. Steps of the cluster as a whole come one by one, as do some others.
 */
export function nextWave(steps: readonly PlannedStep[], state: OperationState): PlannedStep[] {
  const { next, direction } = state;
  if (next === undefined) return [];
  if (stepEntry(next.kind).scope === 'cluster' || oneByOne[direction].includes(next.kind)) return [next];
  const isOpen = (step: PlannedStep): boolean => {
    const own = state.steps[step.number - 1];
    return direction === 'forward'
      ? own === 'pending' || own === 'begun'
      : own !== 'pending' && own !== 'undone';
  };
  const side =
    direction === 'forward' ? steps.slice(next.number - 1) : steps.slice(0, next.number).toReversed();
  const other = side.findIndex(({ kind }) => kind !== next.kind);
  return side.slice(0, other < 0 ? undefined : other).filter(isOpen);
}

/**
 * Does something with each of a wave, so many at the same time. Nothing more is begun once `stop` is aborted or one
 * throws; what was begun is waited for.
 *
 * @throws what the first of them has thrown
 */
export async function inTurns(
  wave: readonly PlannedStep[],
  concurrency: number,
  stop: AbortController,
  act: (step: PlannedStep) => Promise<void>,
): Promise<void> {
  const waiting = wave.values();
  const worker = async (): Promise<void> => {
    for (const step of waiting) {
      if (stop.signal.aborted) return;
      try {
        await act(step);
      } catch (error) {
        stop.abort();
        throw error;
      }
    }
  };
  const workers = Array.from({ length: Math.min(concurrency, wave.length) }, worker);
  const rejected = (await Promise.allSettled(workers)).find(({ status }) => status === 'rejected');
  if (rejected?.status === 'rejected') throw rejected.reason;
}
