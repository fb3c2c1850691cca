import {
  PlannedComponent,
  type OperationState,
  type PlannedMember,
  type RestorePlan,
  type StepKind,
} from '@holdfast/model';
import type { ArtefactSource, ComponentOrder, StepEvidence, StepOrder } from '../node.ts';
import type { LeadOptions } from './leader.ts';
import { plannedContent } from '../planned-content.ts';

/** Where the bytes come from that nodes are given. */
type Origins = Pick<LeadOptions, 'nodes' | 'repository'>;

/** What a node is told to do a step. */
export function doingOrder(
  plan: RestorePlan,
  state: OperationState,
  kind: StepKind,
  member: PlannedMember,
  origins: Origins,
): StepOrder {
  const artefact = artefactOf(plan, state, kind, origins);
  return { ...orderOf(plan, state, kind, member), ...(artefact !== undefined && { artefact }) };
}

/** What a node is told to undo a step. */
export function undoingOrder(
  plan: RestorePlan,
  state: OperationState,
  kind: StepKind,
  member: PlannedMember,
): StepOrder {
  return { ...orderOf(plan, state, kind, member), ...(hasServed(plan, state) && { keepNew: true }) };
}

function orderOf(plan: RestorePlan, state: OperationState, kind: StepKind, member: PlannedMember): StepOrder {
  const found = foundOn(plan, state, member.name);
  const initialCluster = found.join?.['initialCluster'];
  return {
    plan,
    kind,
    member,
    found,
    ...(typeof initialCluster === 'string' && { join: { initialCluster } }),
  };
}

/** What the machine of a part of the control plane is told to do or undo a step. */
export function componentOrder(
  plan: RestorePlan,
  state: OperationState,
  kind: ComponentOrder['kind'],
  name: string,
): ComponentOrder {
  return { plan, kind, component: componentNamed(plan, state, name), found: foundOn(plan, state, name) };
}

/**
 * The part of the control plane with a name. Whether it runs is as the check has seen it, right before anything was
 * touched: what a crash left of the first `halt` cannot tell any more.
 */
function componentNamed(plan: RestorePlan, state: OperationState, name: string): PlannedComponent {
  const component = plan.controlPlane.find((each) => each.name === name);
  if (component === undefined) throw new Error(`the plan has steps of ${name} but no such part`);
  const seen = foundBy(plan, state, 'check', null)?.['controlPlane'];
  const { data = [] } = SeenComponent.array().safeParse(seen);
  return { ...component, ...data.find((each) => each.name === name) };
}

/** What the step `check` notes of each. */
const SeenComponent = PlannedComponent.pick({ name: true, running: true });

/** The member of a plan with a name. */
export function memberNamed(plan: RestorePlan, name: string): PlannedMember {
  const member = plan.members.find((each) => each.name === name);
  if (member === undefined) throw new Error(`the plan has steps of ${name} but no such member`);
  return member;
}

/** What the done step of a kind has found, on a member, a part of the control plane, or in the cluster as a whole. */
export function foundBy(
  plan: RestorePlan,
  state: OperationState,
  kind: StepKind,
  member: string | null,
): StepEvidence | undefined {
  const step = plan.steps.find((each) => each.kind === kind && each.member === member);
  return step && state.evidence.get(step.number);
}

function foundOn(plan: RestorePlan, state: OperationState, name: string): StepOrder['found'] {
  const found: Partial<Record<StepKind, StepEvidence>> = {};
  for (const step of plan.steps) {
    const evidence = step.member === name ? state.evidence.get(step.number) : undefined;
    if (evidence !== undefined) found[step.kind] = evidence;
  }
  return found;
}

/**
 * Whether the new cluster may have been there for clients: from the first start on nothing keeps them from writing. What it
 * took in since is then put aside, not removed.
 */
function hasServed(plan: RestorePlan, state: OperationState): boolean {
  return (
    state.wasFinished || plan.steps.some(({ kind }, i) => kind === 'start' && state.steps[i] !== 'pending')
  );
}

/** The one snapshot that every member is given; undefined for a step that needs none. */
function artefactOf(
  plan: RestorePlan,
  state: OperationState,
  kind: StepKind,
  { nodes, repository }: Origins,
): ArtefactSource | undefined {
  if (kind !== 'fetch' && kind !== 'share' && kind !== 'stage') return undefined;
  const { source } = plan;
  if (source.kind === 'snapshot') {
    const { sha256, size } = source;
    return {
      sha256,
      size,
      open: async function* (signal, from = 0) {
        const content = await plannedContent({ source, cluster: plan.cluster }, repository);
        yield* behind(content.stream(signal), from);
      },
    };
  }
  if (source.kind === 'quorum') return undefined;
  if (foundBy(plan, state, 'salvage', source.member) === undefined) return undefined;
  const member = memberNamed(plan, source.member);
  return nodes(member).salvaged(orderOf(plan, state, 'salvage', member));
}

/** What comes behind so many bytes: what is sealed or compressed can only be read from its beginning. */
async function* behind(stream: AsyncIterable<Uint8Array>, bytes: number): AsyncIterable<Uint8Array> {
  let passed = 0;
  for await (const block of stream) {
    const left = Math.max(0, bytes - passed);
    passed += block.length;
    if (left < block.length) yield left === 0 ? block : block.subarray(left);
  }
}
