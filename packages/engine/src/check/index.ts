/** Whether a repository still holds what was put into it, and what can be mended without touching a snapshot. */
export {
  checkRepository,
  type CheckedCluster,
  type CheckRequest,
  type RepositoryCheck,
} from './check-repository.ts';
export { type ReadChoice } from './choose.ts';
export { type CheckFinding } from './finding.ts';
export { clustersToRebuild, repairRepository, type RepositoryRepair } from './repair-repository.ts';
