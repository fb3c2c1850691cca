export { checkCollected } from './check-collected.ts';
export { type CollectedNode, collectNode, type NodeFile, type NodeToCollect } from './collect-node.ts';
export { companionsTar } from './companions-tar.ts';
export { extractCompanions } from './extract-companions.ts';
export { type NodeRoot, openNodeRoot } from './node-root.ts';
export {
  type CompanionsRequest,
  type OpenedCompanion,
  type OpenedCompanions,
  readCompanions,
} from './read-companions.ts';
export { readSnapshotFacts } from './snapshot-facts.ts';
