/**
 * Whom a restore trusts: whether a manifest's signatures count (trust policy), and whether a writer's manifests are all
 * there and each where it belongs (chain). Decisions only; what they rest on is found out by the repository.
 */
export {
  chainFaults,
  type ChainFinding,
  type ChainHead,
  type FoundManifest,
  type RemovedManifest,
} from './chain-finding.ts';
export { chainHeads, checkChain } from './check-chain.ts';
export { KeyId } from './key-id.ts';
export { Lineage, ManifestPlace } from './lineage.ts';
export { RemovalRecord } from './removal.ts';
export { decideTrust, TrustPolicy, type TrustDecision, type TrustFacts } from './trust-policy.ts';
