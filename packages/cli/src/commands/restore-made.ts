import { resolve } from 'node:path';
import { isFailure } from '@holdfast/base';
import type { RestorePlan } from '@holdfast/model';
import type { Verb } from '../program/verb.ts';
import type { Session } from '../session.ts';
import type { Answer } from '../term/answer.ts';
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
    const restoreBy = (way: 'replace' | 'salvage' | 'snapshot'): string[] =>
      runCommand(session, verb, inWay(options, way));
    return { refusal: triageAnswer(triage, { description, restoreBy, failure }) };
  }
}

/** The words that carry out what was asked for, planned anew. */
export function runCommand(session: Session, verb: Verb, options: RequestOptions): string[] {
  const path = (file: string | undefined): string | undefined =>
    file === undefined ? undefined : resolve(session.io.cwd, file);
  const { bumpRevision } = options;
  return [
    ['holdfast', 'restore', 'run'],
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
    flagsAgain(session, verb),
  ].flat();
}

function flag(name: string, value: string | undefined): string[] {
  return value === undefined ? [] : [name, value];
}

/** The same request in another way, without what that way does not take. */
function inWay(options: RequestOptions, way: 'replace' | 'salvage' | 'snapshot'): RequestOptions {
  const { snapshot, file, survivor, replace, strategy, seed, initialClusterToken, bumpRevision, ...rest } =
    options;
  const fresh = {
    ...(strategy !== undefined && { strategy }),
    ...(seed !== undefined && { seed }),
    ...(initialClusterToken !== undefined && { initialClusterToken }),
    ...(bumpRevision !== undefined && { bumpRevision }),
  };
  if (way === 'replace') return { ...rest, way, bump: true, ...(replace !== undefined && { replace }) };
  if (way === 'salvage') return { ...rest, ...fresh, way, ...(survivor !== undefined && { survivor }) };
  const source = { ...(snapshot !== undefined && { snapshot }), ...(file !== undefined && { file }) };
  return { ...rest, ...fresh, ...source, way };
}
