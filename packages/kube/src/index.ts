/**
 * @holdfast/kube: reads what Kubernetes stores in etcd, and what else it needs to be opened. Bytes in, findings out: no
 * etcd, no repository, no network, no files of its own.
 *
 * - envelope:     how a stored value is written: plain, or encrypted by a provider with a named key.
 * - census:       how many values of which resource are written how; one small sample for each key.
 * - companion:    a file that a restore needs beside the snapshot: CAs, keys, tokens, manifests.
 * - distribution: how a cluster was made, so where its companions are.
 * - bootstrap:    the CAs and keys that K3s and RKE2 keep in etcd, sealed with the servers' token.
 * - configuration: what is brought back of a machine beside its data, and how a change of it is shown.
 * - finding:      what a check of companions says, without anything secret.
 */
export { detectDistribution, type Distribution, type RootReader } from './distribution.ts';
export {
  type CollectedCompanion,
  collectCompanions,
  type CollectedCompanions,
} from './companions/collect.ts';
export { configuredDataDir } from './companions/data-dir.ts';
export { kubernetesVersion } from './companions/kubernetes-version.ts';
export { checkCompanions } from './companions/check-companions.ts';
export {
  type CompanionCheck,
  type CompanionFinding,
  type CompanionOutcome,
  type CompanionSet,
} from './companions/finding.ts';
export {
  type SnapshotFacts,
  type SnapshotFactsTaker,
  startSnapshotFacts,
} from './companions/snapshot-facts.ts';
export { configurationUse, type ConfigurationUse } from './configuration/use-of.ts';
export { maskedDiff } from './configuration/masked-diff.ts';
export { configDataOf } from './objects/config-data.ts';
export { uidOf } from './objects/stored-object.ts';
export { type Census, type CensusGroup } from './envelopes/census.ts';
