/**
 * From what is there to a plan of a restore. Nothing is changed.
 *
 * - request:        what a person asks for.
 * - sight:          every member, looked at and asked.
 * - snapshot:       the one to restore from.
 * - triage-cluster: both, judged by the model.
 * - choose-way:     whether to restore, and how.
 * - topology:       who takes part, as member, former one or seed.
 * - control-plane:  what is stopped before etcd.
 * - identity:       token, cluster id and revisions of the new cluster.
 * - loss:           what will be missing.
 * - estimate:       how long each step takes.
 * - plan-restore:   all of it together; plan-text reads it back.
 */
export { planRestore } from './plan-restore.ts';
export { planHash, readPlan } from './plan-text.ts';
export type { PlanRequest, TriageRequest } from './request.ts';
export { triageCluster } from './triage-cluster.ts';
