export { canonicalJson } from './canonical.ts';
export { ClusterDescription, HostDescription, MemberDescription } from './cluster-description.ts';
export { oldCluster, undescribed, type OldCluster, type Undescribed } from './old-cluster.ts';
export { JournalRecord, operationState, type OperationState, type StepState } from './operation.ts';
export {
  phases,
  stepEntry,
  stepKinds,
  stepTable,
  transitions,
  type Phase,
  type PhaseEvent,
  type StepEntry,
  type StepKind,
} from './phases.ts';
export {
  MemberSight,
  OldMember,
  PlannedMember,
  PlannedStep,
  RestoreCheck,
  restoreIdPattern,
  RestoreLoss,
  RestorePlan,
  RestoreSource,
} from './restore-plan.ts';
export { RestoreReport } from './report.ts';
export { planSteps, pointOfNoReturn } from './steps.ts';
export { commonCluster, compareLogs, survivorsOf, type SightedMember } from './survivors.ts';
export { triage, type Triage, type TriageSight, type TriageWay } from './triage.ts';
export { unseen } from './unseen.ts';
