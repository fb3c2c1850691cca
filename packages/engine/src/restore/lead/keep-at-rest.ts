import type { OperationState, PlannedStep, RestorePlan, StepKind } from '@holdfast/model';
import { doStep, lookAtComponent } from './act.ts';
import type { Fault } from './fault.ts';
import { stateOf, type Leader } from './leader.ts';
import { vouchedFor } from './vouched.ts';
import { inTurns } from './wave.ts';

/** Before what is done, or undone, every part of the control plane has to be at rest again. */
const moving: Record<OperationState['direction'], readonly StepKind[]> = {
  forward: ['configure', 'place', 'start'],
  back: ['start', 'place', 'configure', 'keep', 'stop'],
};

/** Whether a wave moves data or starts etcds, so that {@link keepAtRest} has to come before it. */
export function movesData([step]: readonly PlannedStep[], { direction }: OperationState): boolean {
  return step !== undefined && moving[direction].includes(step.kind);
}

/**
 * Stops again what runs of the control plane though it was stopped: a machine that boots, or whoever watches over it, may
 * have started it. That it ran is in the journal, as one more `begin` of its `halt`, before it is stopped: whether it ran
 * beside a restored etcd must not be forgotten with this process.
 *
 * @returns the first one of which nobody can tell that it is at rest; undefined when all are
 * @throws what the journal throws
 */
export async function keepAtRest(leader: Leader): Promise<Fault | undefined> {
  const { plan, context, journal, options } = leader;
  const state = stateOf(leader);
  const faults: Fault[] = [];
  const stop = new AbortController();
  const halted = plan.steps.filter(
    (step) =>
      isResting(plan.steps, state, step) &&
      !isUpWithEtcd(plan, state, step) &&
      vouchedFor(leader, step) === undefined,
  );
  await inTurns(halted, options.concurrency ?? Infinity, stop, async (step) => {
    const begin = async (seen?: string): Promise<void> => {
      const warning = `${step.member} ran again while it had to be stopped${seen === undefined ? '' : `: ${seen}`}`;
      await journal.append('begin', { step: step.number, evidence: { warning } });
    };
    const looked = await lookAtComponent(leader, step, context.signal);
    const runs = looked.outcome === 'done' && looked.value.running === true;
    if (runs) await begin(looked.value.detail);
    const ending = looked.outcome === 'done' ? await doStep(leader, step, context.signal) : looked;
    if (ending.outcome === 'done') {
      const stopped = ending.value['stoppedNow'] === true;
      if (stopped && !runs) await begin();
      if (stopped || runs) await journal.append('done', { step: step.number, evidence: ending.value });
      return;
    }
    if (ending.outcome === 'failed') faults.push({ step, error: ending.error, settled: ending.settled });
    stop.abort();
  });
  return faults[0];
}

/** Whether a step has stopped a part of the control plane that nothing has started since. */
function isResting(
  steps: readonly PlannedStep[],
  state: OperationState,
  { kind, member, number }: PlannedStep,
): boolean {
  if (kind !== 'halt') return false;
  const own = state.steps[number - 1];
  const serve = steps.find((step) => step.kind === 'serve' && step.member === member);
  const served = serve && state.steps[serve.number - 1];
  return (
    (own === 'begun' || own === 'done') &&
    (served === undefined || served === 'pending' || served === 'undone')
  );
}

/**
 * Whether a part of the control plane is in one unit with an etcd that was started on the new data: to stop the one would be to
 * stop the other.
 */
function isUpWithEtcd(
  { steps, controlPlane }: RestorePlan,
  state: OperationState,
  { member }: PlannedStep,
): boolean {
  if (state.direction === 'back') return false;
  const own = controlPlane.find(({ name }) => name === member);
  return (
    own?.run.driver === 'k3s-rke2' &&
    steps.some(({ serves }, i) => serves === true && ['begun', 'done'].includes(state.steps[i] ?? 'pending'))
  );
}
