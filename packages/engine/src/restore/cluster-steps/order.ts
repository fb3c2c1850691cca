import type { PlannedMember, RestorePlan, StepKind } from '@holdfast/model';
import type { Repository } from '@holdfast/repository';
import type { StepEvidence } from '../node.ts';
import type { Connect, NodeOf } from '../ports.ts';

/** One step that is about the cluster as a whole, or that is asked of the members that run. */
export interface ClusterStepOrder {
  readonly plan: RestorePlan;
  readonly kind: StepKind;
  /** The member that it is about, of `remove`, `join` and `promote`. */
  readonly member: PlannedMember | undefined;
  /** What a done step of this restore has found: by kind, and by the member's name where it has one. */
  found(kind: StepKind, member?: string): StepEvidence | undefined;
  readonly nodes: NodeOf;
  readonly connect: Connect;
  readonly repository?: Repository;
  /** Aborted when the time of the step is over, or the restore is to stop. */
  readonly endOfStep: AbortSignal;
}
