/**
 * @holdfast/agent/standalone: the node daemon without a server.
 *
 * - daemon: the loop, which asks `due` what is to be done and has it done in two lanes by a runner.
 * - state:  what it remembers, in one file (state-file), changed and told by a keeper.
 * - jobs:   the work itself, by the verbs of the engine; what it needs of settings and keys comes as ports.
 * - tell:   metrics, health, alerts, heartbeat and systemd.
 */
export { Daemon, type DaemonParts } from './daemon.ts';
export { engineWork } from './jobs/index.ts';
export type { DaemonEvent, DaemonLog } from './log.ts';
export type { PolicySource } from './policy-watch.ts';
export type { JobPorts, OpenRepository } from './ports.ts';
export { holdRuns } from './run-lock.ts';
export { reportRun } from './run-report.ts';
export { jobs, type Job } from './state.ts';
export * from './tell/index.ts';
export type { JobEnd, SaveEnd, Work } from './work.ts';
