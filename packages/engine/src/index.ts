/**
 * @holdfast/engine: the verbs, where repository, etcd and model meet.
 *
 * - context: what every verb is given.
 * - restore: a member's data directory, from a snapshot.
 */
export type { Progress, VerbContext } from './context.ts';
export * from './restore/index.ts';
