/**
 * @holdfast/engine: the verbs, where repository, etcd and model meet.
 *
 * - context: what every verb is given.
 * - restore: a member's data directory, from a snapshot.
 * - doctor:  everything that a save and a restore need, looked at.
 */
export type { Progress, VerbContext } from './context.ts';
export * from './restore/index.ts';
export * from './doctor/index.ts';
