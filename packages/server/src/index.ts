/**
 * @holdfast/server: the control plane of many clusters.
 *
 * - store:      what is remembered, in SQLite or PostgreSQL, behind one interface.
 * - secrets, pki, auth, audit: what is sealed, the CA of server and agents, who somebody is and what they may do, what was done.
 * - api:        `/v1` from the route table of the model, Rancher's `/v3`, and `/agent/v1` for the agents.
 * - operations: everything that is done to a cluster, from its request to its end, by whichever replica lives.
 * - scheduler:  when a policy's jobs are due.
 * - catalogue:  what the repositories hold.
 * - alerts, metrics: what is told without being asked.
 */
export { makeLog, type LogSink } from './log.ts';
export { serverMetricTable } from './metrics/metric-table.ts';
export type { StorePlace } from './open-store.ts';
export { resetPassword, type PasswordReset } from './reset-password.ts';
export { startServer, type RunningServer, type ServerOptions } from './server.ts';
export type { CertificateFiles } from './pki/server-tls.ts';
