import { Failure, formatDuration, isFailure } from '@holdfast/base';
import { stepEntry, type PlannedStep } from '@holdfast/model';
import { performClusterStep } from '../cluster-steps/index.ts';
import type { NodeContext, StepEvidence } from '../node.ts';
import { stateOf, type Leader } from './leader.ts';
import { doingOrder, foundBy, memberNamed, undoingOrder } from './step-order.ts';
import { withinLimit, type Ending } from './within-limit.ts';

/** Does a step within its time, wherever it belongs. */
export async function doStep(
  leader: Leader,
  step: PlannedStep,
  signal: AbortSignal,
): Promise<Ending<StepEvidence>> {
  return inTime(leader, step, signal, async (endOfStep) => {
    const { plan, options } = leader;
    refuseTwoClusters(leader, step);
    if (!isOnNode(step)) return inCluster(leader, step, endOfStep);
    const member = memberNamed(plan, step.member);
    const order = doingOrder(plan, stateOf(leader), step.kind, member, options.nodes);
    return options.nodes(member).perform(order, nodeContext(leader, endOfStep));
  });
}

/** Undoes a step within its time; one of the cluster as a whole has nothing to undo. */
export async function undoStep(
  leader: Leader,
  step: PlannedStep,
  signal: AbortSignal,
): Promise<Ending<StepEvidence>> {
  return inTime(leader, step, signal, async (endOfStep) => {
    const { plan, options } = leader;
    if (!isOnNode(step)) return {};
    const member = memberNamed(plan, step.member);
    const order = undoingOrder(plan, stateOf(leader), step.kind, member);
    return options.nodes(member).undo(order, nodeContext(leader, endOfStep));
  });
}

async function inTime(
  { context, plan }: Leader,
  { kind, member, limitMs }: PlannedStep,
  signal: AbortSignal,
  act: (endOfStep: AbortSignal) => Promise<StepEvidence>,
): Promise<Ending<StepEvidence>> {
  const late = (last?: unknown): Failure => {
    const why = `it took longer than ${formatDuration(limitMs)}${isFailure(last) ? `; the last that was seen: ${last.why}` : ''}`;
    return new Failure('node-failed', why, { step: kind, member: member ?? 'the cluster', id: plan.id });
  };
  // As the journal will have it: what is no JSON is a fault of the step, not of the journal.
  return withinLimit(
    context.clock,
    limitMs,
    signal,
    late,
    async (endOfStep) => JSON.parse(JSON.stringify(await act(endOfStep))) as StepEvidence,
  );
}

async function inCluster(leader: Leader, step: PlannedStep, endOfStep: AbortSignal): Promise<StepEvidence> {
  const { plan, context, options } = leader;
  const { nodes, connect, repository, clusterStep = performClusterStep } = options;
  const state = stateOf(leader);
  return clusterStep(
    { ...context, signal: endOfStep },
    {
      plan,
      kind: step.kind,
      member: step.member === null ? undefined : memberNamed(plan, step.member),
      found: (kind, member) => foundBy(plan, state, kind, member ?? null),
      nodes,
      connect,
      ...(repository !== undefined && { repository }),
      endOfStep,
    },
  );
}

function isOnNode(step: PlannedStep): step is PlannedStep & { member: string } {
  return step.member !== null && stepEntry(step.kind).scope === 'node';
}

function nodeContext({ context: { clock, onProgress } }: Leader, signal: AbortSignal): NodeContext {
  return { clock, signal, ...(onProgress !== undefined && { onProgress }) };
}

/**
 * Nothing of the new cluster is placed or started before every old member is stopped and its data put aside. The order of
 * the plan has it so; this holds whatever the plan.
 */
function refuseTwoClusters(leader: Leader, { kind }: PlannedStep): void {
  if (kind !== 'place' && kind !== 'start') return;
  const { plan } = leader;
  const state = stateOf(leader);
  const open = plan.steps.find(
    (step) => (step.kind === 'stop' || step.kind === 'keep') && state.steps[step.number - 1] !== 'done',
  );
  if (open !== undefined) throw new Error(`${kind} may not be before ${open.kind} of ${open.member}`);
}
