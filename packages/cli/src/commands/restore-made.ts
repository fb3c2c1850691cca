import { resolve } from 'node:path';
import { isFailure } from '@holdfast/base';
import type { RestorePlan } from '@holdfast/model';
import type { Verb } from '../program/verb.ts';
import type { Session } from '../session.ts';
import type { Answer } from '../term/answer.ts';
import type { PlanCommands } from '../view/plan.ts';
import { triageAnswer } from '../view/triage.ts';
import { flagsAgain } from './restore-again.ts';
import type { RequestOptions } from './restore-options.ts';
import { restorePorts, type RestorePorts } from './restore-ports.ts';
import { describedCluster, planRequest, refuseStrangers } from './restore-request.ts';

/** A plan and what it is carried out with; or, where a restore is the wrong thing, the better way as an answer. */
export type Made =
  | { readonly plan: RestorePlan; readonly ports: RestorePorts }
  | { readonly refusal: Answer };

/** Looks at the cluster and makes the plan that was asked for. Nothing is changed. */
export async function makePlan(session: Session, verb: Verb, options: RequestOptions): Promise<Made> {
  const description = await describedCluster(session, options.clusterFile);
  refuseStrangers(options, description);
  const ports = await restorePorts(session);
  const request = await planRequest(session, options, description, ports);
  const { planRestore, triageCluster } = await import('@holdfast/engine');
  try {
    return { plan: await planRestore(session.context, request), ports };
  } catch (failure) {
    if (!isFailure(failure, 'restore-unneeded') && !isFailure(failure, 'restore-impossible')) throw failure;
    const triage = await triageCluster(session.context, request);
    const restoreBy = inWay(session, flagsAgain(session, verb), options, 'run');
    return { refusal: triageAnswer(triage, { description, restoreBy, failure }) };
  }
}

/**
 * What a plan that was just made leads on to: it is carried out, or another way is planned.
 *
 * @param again the flags of this command line that they need again
 */
export function planCommands(
  session: Session,
  verb: Verb,
  options: RequestOptions,
  again: readonly string[] = flagsAgain(session, verb),
): PlanCommands {
  const run = requestCommand(session, again, options, 'run');
  return { run, inWay: inWay(session, again, options, 'plan') };
}

/** The words that ask for the same again, to be planned anew. */
function requestCommand(
  session: Session,
  again: readonly string[],
  options: RequestOptions,
  name: 'plan' | 'run',
): string[] {
  const path = (file: string | undefined): string | undefined =>
    file === undefined ? undefined : resolve(session.io.cwd, file);
  const { bumpRevision } = options;
  return [
    ['holdfast', 'restore', name],
    flag('--cluster-file', path(options.clusterFile)),
    options.way === 'auto' ? [] : ['--way', options.way],
    flag('--snapshot', options.snapshot),
    flag('--file', path(options.file)),
    flag('--survivor', options.survivor),
    ...(options.replace ?? []).map((member) => ['--replace', member]),
    flag('--members', options.members?.join(',')),
    flag('--strategy', options.strategy),
    flag('--seed', options.seed),
    flag('--initial-cluster-token', options.initialClusterToken),
    flag('--bump-revision', bumpRevision === undefined ? undefined : String(bumpRevision)),
    options.bump ? [] : ['--no-bump'],
    options.clone === true ? ['--clone'] : [],
    ...(options.attestOff ?? []).map((member) => ['--attest-off', member]),
    ...(options.skip ?? []).map((check) => ['--skip', check]),
    flag('--reason', options.reason),
    flag('--scope', options.scope),
    again,
  ].flat();
}

function flag(name: string, value: string | undefined): string[] {
  return value === undefined ? [] : [name, value];
}

/** Gives the words that ask for the same in another way. */
function inWay(
  session: Session,
  again: readonly string[],
  options: RequestOptions,
  name: 'plan' | 'run',
): (way: RestorePlan['way']) => string[] {
  return (way) => requestCommand(session, again, optionsInWay(options, way), name);
}

/** What a way does not take. To replace is to replace who is lost, whoever was to form another cluster. */
const foreign: Record<RestorePlan['way'], readonly string[]> = {
  snapshot: ['survivor', 'replace'],
  salvage: ['snapshot', 'file', 'clone', 'replace'],
  replace: [
    ...['snapshot', 'file', 'clone', 'survivor', 'members'],
    ...['strategy', 'seed', 'initialClusterToken', 'bumpRevision'],
  ],
};

/** What was asked for, without what another way does not take. */
function optionsInWay(options: RequestOptions, way: RestorePlan['way']): RequestOptions {
  const kept = Object.entries(options).filter(([name]) => !foreign[way].includes(name));
  const rest: Partial<RequestOptions> = Object.fromEntries(kept);
  return { ...rest, way, bump: options.bump || way === 'replace' };
}
