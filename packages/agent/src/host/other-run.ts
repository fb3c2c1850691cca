import { isDeepStrictEqual } from 'node:util';
import type { MemberDescription } from '@holdfast/model';
import { etcdProcessesOn, type EtcdProcess } from './etcd-processes.ts';
import { flagsOf } from './etcd-settings.ts';
import type { ProcessRun } from './process-driver.ts';
import { programAt, variablesOf } from './processes.ts';
import { runOf } from './run-of.ts';

/** How an etcd runs that runs in another way than its description has it. */
export interface OtherRun {
  readonly ran?: ProcessRun;
  /** Why how it runs must not be written down: one sentence without a full stop. `ran` is missing then. */
  readonly ranUnkept?: string;
}

/**
 * How a member's etcd runs now, where that is not how its description would start it: a restore to new addresses describes
 * the new ones, and undone, the old data has to be started with the old. Neither field where it is the same, or nobody can
 * tell.
 */
export async function otherRun({ dataDir, run }: MemberDescription): Promise<OtherRun> {
  if (run.driver !== 'process') return {};
  const [etcd] = await etcdProcessesOn(dataDir);
  if (etcd === undefined) return {};
  const found = await runOf({ ...etcd, logFile: run.logFile });
  if (found?.driver !== 'process' || isDeepStrictEqual(settingsOf(found), settingsOf(run))) return {};
  const secret = await secretSettings(etcd);
  if (secret.length > 0)
    return { ranUnkept: `how it ran is not kept, since ${secret.join(', ')} may hold a secret` };
  const environment = { ...withoutEtcds(run.environment), ...found.environment };
  return { ran: { ...found, environment, logFile: run.logFile } };
}

/** All that tells an etcd what it is; not the path of its program, nor what runs it. */
function settingsOf({ command, environment }: ProcessRun): unknown {
  const variables = Object.entries(environment).filter(([name]) => isEtcds(name));
  return [command.slice(programAt(command, 'etcd') + 1), Object.fromEntries(variables)];
}

function withoutEtcds(environment: ProcessRun['environment']): ProcessRun['environment'] {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !isEtcds(name)));
}

function isEtcds(name: string): boolean {
  return name.startsWith('ETCD_');
}

/** The names of an etcd's flags and variables that may hold a secret. */
async function secretSettings({ pid, command }: EtcdProcess): Promise<string[]> {
  const flags = [...flagsOf(command.slice(1))].filter(([flag, value]) => isSecret(flag, value));
  const variables = Object.entries(await variablesOf(pid, isEtcds)).filter(([name, value]) =>
    isSecret(name.slice('ETCD_'.length).toLowerCase().replaceAll('_', '-'), value),
  );
  return [...flags.map(([flag]) => `--${flag}`), ...variables.map(([name]) => name)];
}

/**
 * `discovery-password`, and what may hold a password besides: `discovery-user` as `name:password`, and the URL of a proxy or
 * of a discovery service, as `http://name:password@host`.
 */
function isSecret(flag: string, value: string): boolean {
  if (/password|secret/.test(flag)) return true;
  return (flag === 'discovery-user' && value.includes(':')) || /\/\/[^/@\s]*:[^/@\s]*@/.test(value);
}
