export {
  restoreDatadir,
  type DatadirSource,
  type RestoreDatadirOptions,
  type RestoreDatadirReport,
} from './restore-datadir.ts';
export { agreedToken, uniqueToken } from './token.ts';
export * from './lead/index.ts';
export * from './plan/index.ts';
export type {
  ArtefactSource,
  CompareOrder,
  ComponentOrder,
  ComponentSight,
  NodeContext,
  RestoreNode,
  StepEvidence,
  StepOrder,
} from './node.ts';
export type { Connect, NodeOf } from './ports.ts';
export { openSavedFiles } from './saved-files.ts';
export { thisUser } from './this-user.ts';
