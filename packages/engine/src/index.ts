/**
 * @holdfast/engine: the verbs, where repository, etcd and model meet.
 *
 * - context: what every verb is given.
 * - catalog: what is in a repository: list, show, pin, delete, export.
 * - save:    a snapshot of a live etcd into a repository.
 * - verify:  a stored snapshot, proven again.
 * - status:  whether each cluster of a repository could be brought back.
 * - restore: a member's data directory, from a snapshot.
 * - sandbox: a throw-away etcd; what a stopped member has, made a snapshot.
 * - drill:   a stored snapshot, restored into a throw-away etcd and questioned.
 * - doctor:  everything that a save and a restore need, looked at.
 */
export type { Progress, VerbContext } from './context.ts';
export { orAborted } from './or-aborted.ts';
export * from './restore/index.ts';
export * from './doctor/index.ts';
export * from './catalog/index.ts';
export * from './status/index.ts';
export * from './verify/index.ts';
export * from './save/index.ts';
export * from './drill/index.ts';
export { etcdProgram, salvageSnapshot, type SalvagedSnapshot, type SalvageOptions } from './sandbox/index.ts';
