import { isDeepStrictEqual } from 'node:util';
import type { MemberDescription } from '@holdfast/model';
import { etcdProcessesOn } from './etcd-processes.ts';
import type { ProcessRun } from './process-driver.ts';
import { programAt } from './processes.ts';
import { runOf } from './run-of.ts';

/**
 * How a member's etcd runs now, where that is not how its description would start it: a restore to new addresses describes
 * the new ones, and undone, the old data has to be started with the old. Undefined where it is the same, or nobody can tell.
 */
export async function otherRun({ dataDir, run }: MemberDescription): Promise<ProcessRun | undefined> {
  if (run.driver !== 'process') return undefined;
  const [etcd] = await etcdProcessesOn(dataDir);
  const found = etcd && (await runOf({ ...etcd, logFile: run.logFile }));
  if (found?.driver !== 'process' || isDeepStrictEqual(settingsOf(found), settingsOf(run))) return undefined;
  const environment = { ...withoutEtcds(run.environment), ...found.environment };
  return { ...found, environment, logFile: run.logFile };
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
