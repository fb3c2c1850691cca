/**
 * @holdfast/engine: the verbs, where repository, etcd and model meet.
 *
 * - context: what every verb is given.
 * - catalog: what is in a repository: list, show, pin, delete, export.
 * - companions: what else a restore needs of a node, collected, tried and kept.
 * - save:    a snapshot of a live etcd into one repository or several.
 * - copy:    a snapshot into one more repository.
 * - queue:   copies that could not be made when they were wanted.
 * - policy-file: the policies of a machine, read, checked and changed.
 * - content: the plain bytes of a snapshot, wherever and however it is stored.
 * - verify:  a stored snapshot, proven again.
 * - status:  whether each cluster of a repository could be brought back.
 * - check:   whether a repository still holds what was put into it, and what can be mended.
 * - retain:  what a policy keeps of a repository, and what goes.
 * - stats:   what a repository holds, and how that grows.
 * - restore: a member's data directory, from a snapshot.
 * - adopt:   what other systems left: found, told, read.
 * - give-back: a snapshot, written as another system would have left it.
 * - fleet-repository: a repository as the fleet describes it, opened.
 * - notify:  how somebody is told something.
 * - scratch: the plain content of a sealed snapshot, while it is read by position.
 * - sandbox: a throw-away etcd; what a stopped member has, made a snapshot.
 * - drill:   a stored snapshot, restored into a throw-away etcd and questioned.
 * - doctor:  everything that a save and a restore need, looked at.
 */
export type { Progress, VerbContext } from './context.ts';
export { orAborted } from './or-aborted.ts';
export { abortAfterClearing, inTime, type InTime } from './in-time.ts';
export { writeDurably } from './durable-file.ts';
export { holdFolder, type HeldByOther } from './process-lock.ts';
export * from './restore/index.ts';
export * from './doctor/index.ts';
export * from './catalog/index.ts';
export * from './status/index.ts';
export * from './check/index.ts';
export * from './retain/index.ts';
export * from './stats/index.ts';
export * from './verify/index.ts';
export * from './companions/index.ts';
export * from './save/index.ts';
export * from './copy/index.ts';
export * from './queue/index.ts';
export * from './policy-file/index.ts';
export * from './drill/index.ts';
export * from './adopt/index.ts';
export * from './give-back/index.ts';
export * from './notify/index.ts';
export * from './fleet-repository/index.ts';
export { etcdProgram, salvageSnapshot, type SalvagedSnapshot, type SalvageOptions } from './sandbox/index.ts';
