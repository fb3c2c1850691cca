export { changePolicy, type PolicyEdit } from './change.ts';
export { readPolicyFile } from './read.ts';
