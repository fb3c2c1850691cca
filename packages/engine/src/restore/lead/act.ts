import { Failure, formatDuration, isFailure } from '@holdfast/base';
import { stepEntry, type PlannedStep, type StepKind } from '@holdfast/model';
import { performClusterStep } from '../cluster-steps/index.ts';
import type {
  ComponentOrder,
  ComponentSight,
  NodeContext,
  RestoreNode,
  StepEvidence,
  StepOrder,
} from '../node.ts';
import { savedFiles } from '../saved-files.ts';
import { stateOf, type Leader } from './leader.ts';
import { componentOrder, doingOrder, foundBy, memberNamed, undoingOrder } from './step-order.ts';
import { withinLimit, type Ending } from './within-limit.ts';

/** Does a step within its time, wherever it belongs. */
export async function doStep(
  leader: Leader,
  step: PlannedStep,
  signal: AbortSignal,
): Promise<Ending<StepEvidence>> {
  return inTime(leader, step, signal, async (endOfStep) => {
    const { plan, options } = leader;
    refuseTooEarly(leader, step);
    const context = nodeContext(leader, endOfStep);
    const componentAct = actOnComponent(leader, step);
    if (componentAct !== undefined) {
      const order = await withSavedFiles(leader, step, componentAct.order);
      return componentAct.node.performComponent(order, context);
    }
    if (!isOnNode(step)) return inCluster(leader, step, endOfStep);
    const member = memberNamed(plan, step.member);
    const order = await withSavedFiles(
      leader,
      step,
      doingOrder(plan, stateOf(leader), step.kind, member, options),
    );
    return options.nodes(member).perform(order, context);
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
    const context = nodeContext(leader, endOfStep);
    const componentAct = actOnComponent(leader, step);
    if (componentAct !== undefined) return componentAct.node.undoComponent(componentAct.order, context);
    if (!isOnNode(step)) return {};
    const member = memberNamed(plan, step.member);
    const order = undoingOrder(plan, stateOf(leader), step.kind, member);
    return options.nodes(member).undo(order, context);
  });
}

/** Looks, within the step's time, whether what `halt` has stopped runs. */
export async function lookAtComponent(
  leader: Leader,
  step: PlannedStep,
  signal: AbortSignal,
): Promise<Ending<ComponentSight>> {
  return inTime(leader, step, signal, async (endOfStep) => {
    const about = actOnComponent(leader, step);
    if (about === undefined) throw new Error(`${step.kind} is about no part of the control plane`);
    return about.node.observeComponent(about.order.component, nodeContext(leader, endOfStep));
  });
}

/** Undefined when the step is about no part of the control plane. */
function actOnComponent(
  leader: Leader,
  { kind, member }: PlannedStep,
): { node: RestoreNode; order: ComponentOrder } | undefined {
  if (member === null || (kind !== 'halt' && kind !== 'serve' && kind !== 'configure')) return undefined;
  // A machine without any is configured by its member.
  if (kind === 'configure' && leader.plan.controlPlane.every(({ name }) => name !== member)) return undefined;
  const order = componentOrder(leader.plan, stateOf(leader), kind, member);
  return { node: leader.options.nodes(order.component), order };
}

/** The saved files, opened once for each step, where it is about any. */
async function withSavedFiles<Order extends StepOrder | ComponentOrder>(
  { plan, options }: Leader,
  { kind }: PlannedStep,
  order: Order,
): Promise<Order> {
  const { source, wanted, scope } = plan;
  if (kind !== 'configure' || scope !== 'all' || source.kind !== 'snapshot' || wanted === undefined)
    return order;
  return { ...order, artefact: await savedFiles(source, wanted, options.repository) };
}

async function inTime<T extends StepEvidence | ComponentSight>(
  { context, plan, acting }: Leader,
  { kind, member, limitMs }: PlannedStep,
  signal: AbortSignal,
  act: (endOfStep: AbortSignal) => Promise<T>,
): Promise<Ending<T>> {
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
    async (endOfStep) => JSON.parse(JSON.stringify(await noted(acting, act(endOfStep)))) as T,
  );
}

/** An act counts as one until it has ended, whoever still waits for it. */
async function noted<T>(acting: Set<Promise<unknown>>, act: Promise<T>): Promise<T> {
  acting.add(act);
  try {
    return await act;
  } finally {
    acting.delete(act);
  }
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
  return step.member !== null && ['node', 'machine'].includes(stepEntry(step.kind).scope);
}

function nodeContext({ context: { clock, onProgress } }: Leader, signal: AbortSignal): NodeContext {
  return { clock, signal, ...(onProgress !== undefined && { onProgress }) };
}

/** What has to be done before anything of the new cluster is placed or started. */
const beforeNew: readonly StepKind[] = ['halt', 'stop', 'keep'];

/**
 * Nothing of the new cluster is placed or started before every old member is stopped and its data put aside, and every
 * part of the control plane is stopped; and none of these is started before the new cluster has proven itself. The order of
 * the plan has it so; this holds whatever the plan.
 */
function refuseTooEarly(leader: Leader, { kind, member }: PlannedStep): void {
  const before: readonly StepKind[] = ['configure', 'place', 'start'].includes(kind)
    ? beforeNew
    : kind === 'serve'
      ? ['agree', 'probe']
      : [];
  const state = stateOf(leader);
  const open = leader.plan.steps.find(
    (step) => before.includes(step.kind) && state.steps[step.number - 1] !== 'done',
  );
  if (open !== undefined)
    throw new Error(`${kind} of ${member} may not be before ${open.kind} of ${open.member ?? 'the cluster'}`);
}
