/**
 * @holdfast/model: the nouns of Holdfast and their rules, as zod schemas and pure functions. No I/O, no clock.
 *
 * - cluster:  one etcd cluster and the Kubernetes it serves; it has an id in the repository.
 * - member:   one etcd server of a cluster, as seen when a snapshot was taken.
 * - snapshot: an etcd image at one revision with its manifest.
 * - evidence: what was checked about a snapshot, when, and with which result.
 * - state:    stored, then verified, or damaged; each rests on evidence.
 * - companions: what was kept beside a snapshot, and whether it would bring it to life.
 * - drill:    a restore that was tried with a throw-away etcd.
 * - keys:     whom to seal for in a repository, whose signatures count, and how that may change.
 * - trust:    whose signatures on manifests count, and whether a writer's manifests are all there.
 * - policy:   schedule, retention and repositories of a cluster's snapshots, and its pause.
 * - schedule: when a policy's jobs are due.
 * - retention: which snapshots a policy keeps, and why.
 * - restore:  a cluster's description, the plan of its restore, the phases and steps, and where a journal says it stands.
 */
export { ClusterRecord, clusterNamePattern } from './cluster.ts';
export { CompanionsList, companionsOutcome, type CompanionsOutcome, CompanionsRecord } from './companions.ts';
export { DrillCheck, DrillReport, type DrillCheckName } from './drill.ts';
export { Check, Evidence, StatusFigures, type CheckName } from './evidence.ts';
export { Encoding, HashKv, Hex64, SnapshotManifest, SnapshotManifestV1, storedBytes } from './manifest.ts';
export {
  adminsOf,
  countsNow,
  KeyList,
  policyOf,
  successionFault,
  type StoredKeyList,
  type StoredSecret,
} from './key-list.ts';
export {
  chooseMember,
  type MemberChoice,
  type MemberChoiceOptions,
  type MemberRefusal,
  type MemberView,
} from './member-choice.ts';
export { Pin } from './pin.ts';
export { QueuedCopy } from './queued-copy.ts';
export { RepositoryRecord } from './repository.ts';
export { RepositoryMemory, RepositoryPlace } from './repository-memory.ts';
export {
  defaultSnapshotName,
  isSnapshotName,
  numberedSnapshotName,
  parseSnapshotName,
  snapshotNameFault,
  type ParsedSnapshotName,
} from './snapshot-name.ts';
export { newestVerified, snapshotState, type SnapshotState } from './snapshot-state.ts';
export { parseInitialCluster, peerUrl, type InitialMember } from './initial-cluster.ts';
export { Unwanted } from './unwanted.ts';
export * from './policy/index.ts';
export * from './restore/index.ts';
export * from './schedule/index.ts';
export * from './retention/index.ts';
export * from './trust/index.ts';
