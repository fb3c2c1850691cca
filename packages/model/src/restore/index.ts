export { canonicalJson } from './canonical.ts';
export {
  ClusterDescription,
  ComponentDescription,
  componentKinds,
  HostDescription,
  MemberDescription,
  type ComponentKind,
} from './cluster-description.ts';
export { heldManifest, runBy, startWords, whyCannotJoin } from './host-words.ts';
export { hostOf, isLoopback, isLoopbackOnly } from './machine-address.ts';
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
  Attestation,
  MemberRoom,
  MemberSight,
  OldMember,
  PlannedComponent,
  PlannedMember,
  PlannedStep,
  RestoreCheck,
  restoreIdPattern,
  RestoreLoss,
  RestorePlan,
  RestoreSource,
} from './restore-plan.ts';
export { RestoreReport } from './report.ts';
export { PlannedChange, restoreScopes, RestoreScope, WantedConfiguration } from './scope.ts';
export { planSteps, pointOfNoReturn } from './steps.ts';
export { commonCluster, compareLogs, survivorsOf, type SightedMember } from './survivors.ts';
export { triage, type Triage, type TriageSight, type TriageWay } from './triage.ts';
export { unseen } from './unseen.ts';
export { possibleVerbs, type RestoreVerb } from './verbs.ts';
