import { randomUUID } from 'node:crypto';
import { Failure, isFailure } from '@holdfast/base';
import type { Attestation, RestorePlan, RestoreVerb } from '@holdfast/model';
import type { FleetCluster, Operation } from '@holdfast/model/fleet';
import { confirmCluster, requireConfirmable, type ConfirmOptions } from '../commands/restore-confirm.ts';
import { planCommands } from '../commands/restore-made.ts';
import type { VouchOptions } from '../commands/restore-options.ts';
import { refuseContradictions } from '../commands/restore-request.ts';
import type { Verb } from '../program/verb.ts';
import { apiVersion, type Answer } from '../term/answer.ts';
import { undoingSentences } from '../view/control-plane.ts';
import { fleetOperationsAnswer } from '../view/fleet-operation.ts';
import { operationAnswer } from '../view/operation.ts';
import { planForEyes } from '../view/plan-for-eyes.ts';
import { planAnswer, refusalOf } from '../view/plan.ts';
import { clusterNamed, clusterNames } from './clusters.ts';
import type { Fleet } from './connection.ts';
import { followed, refuseFailed } from './follow.ts';
import { operationAt } from './operations.ts';
import { fleetCommands, followRestore, restoreOf, toldSoFar } from './restore-follow.ts';
import { makePlan, planAt, type FleetRequestOptions, type MadePlan } from './restore-request.ts';

type PlanOptions = FleetRequestOptions;
type RunOptions = FleetRequestOptions & ConfirmOptions & { readonly plan?: string; readonly dryRun?: true };

/** `restore plan` */
export async function planRestore(fleet: Fleet, verb: Verb, options: PlanOptions): Promise<Answer> {
  refuseContradictions(options);
  const cluster = await clusterNamed(fleet);
  return madeAnswer(fleet, verb, await makePlan(fleet, cluster, options), options);
}

/** The plan, with the commands that lead on from it. */
function madeAnswer(fleet: Fleet, verb: Verb, { operation, plan }: MadePlan, options: PlanOptions): Answer {
  const run = ['holdfast', 'restore', 'run', '--plan', operation.id, ...fleet.again];
  const { inWay } = planCommands(fleet.session, verb, options, fleet.again);
  const told = planAnswer(plan, { run, inWay }, `operation ${operation.id}, and good for an hour`);
  return { ...told, json: { ...plan, operation: operation.id }, names: [operation.id] };
}

/** `restore run` */
export async function runRestore(fleet: Fleet, verb: Verb, options: RunOptions): Promise<Answer> {
  refuseContradictions(options);
  const { session, client } = fleet;
  if (options.dryRun !== true) requireConfirmable(session, options);
  const { cluster, made } = await planFor(fleet, options);
  const { operation, plan } = made;
  if (options.dryRun === true) return madeAnswer(fleet, verb, made, options);
  const refusal = refusalOf(plan);
  if (refusal !== undefined) throw refusal;
  await confirmCluster(session, options, planForEyes(session, verb, plan), cluster.name);
  const begun = await client.call('beginRestore', {
    params: { cluster: cluster.id },
    body: { plan: operation.id, hash: plan.hash, confirm: cluster.name },
    idempotencyKey: randomUUID(),
  });
  return await followRestore(fleet, verb, begun);
}

async function planFor(
  fleet: Fleet,
  options: RunOptions,
): Promise<{ readonly cluster: FleetCluster; readonly made: MadePlan }> {
  if (options.plan === undefined) {
    const cluster = await clusterNamed(fleet);
    return { cluster, made: await makePlan(fleet, cluster, options) };
  }
  const made = await planAt(fleet, options.plan);
  return { cluster: await clusterNamed(fleet, made.operation.cluster), made };
}

/** The restore that is meant, by the id of its operation, of its plan, or `latest`. @throws Failure restore-missing, operation-unknown */
async function restoreAt(fleet: Fleet, word: string): Promise<Operation> {
  if (word.startsWith('op-')) {
    const operation = await operationAt(fleet, word);
    if (operation.kind === 'restore') return operation;
    throw new Failure('usage', `${word} is no restore: it is a ${operation.kind}`);
  }
  const all = await restores(fleet);
  const found = all.find(({ input }) => word === 'latest' || planId(input['plan']) === word);
  if (found !== undefined) return found;
  throw new Failure('restore-missing', 'the server has none that you may see', { id: word });
}

function planId(plan: unknown): string | undefined {
  return (plan as Partial<RestorePlan> | undefined)?.id;
}

async function restores(fleet: Fleet): Promise<Operation[]> {
  const { client, session } = fleet;
  const isOne = session.settings.cluster !== undefined;
  const cluster = isOne ? (await clusterNamed(fleet)).id : undefined;
  const query = { kind: 'restore', cluster } as const;
  return await Array.fromAsync(client.pages('listOperations', { query }));
}

/** `restore status` */
export async function restoreStatus(fleet: Fleet, word: string | undefined): Promise<Answer> {
  if (word === undefined) return fleetOperationsAnswer(await restores(fleet), await clusterNames(fleet));
  const operation = await restoreAt(fleet, word);
  const { records } = await toldSoFar(fleet, operation);
  const told = operationAnswer(restoreOf(operation, records), fleetCommands(fleet, operation));
  return { ...told, json: { ...told.json, operation }, names: [operation.id] };
}

/** Gives what is asked before the old data comes back, or is deleted. */
const questions = {
  rollback: (plan: RestorePlan): string =>
    `This undoes restore ${plan.id} of cluster ${plan.cluster.name} and brings the data of before it back. What was written since is put aside, not deleted, and no longer served.`,
  release: (plan: RestorePlan): string =>
    `This deletes the data that restore ${plan.id} of cluster ${plan.cluster.name} keeps beside that of its members. It is then gone for good.`,
};

const backRoutes = { resume: 'resumeRestore', abort: 'abortRestore', rollback: 'rollbackRestore' } as const;

/** `restore resume`, `abort`, `rollback` and `release` */
export async function goOnWithRestore(
  fleet: Fleet,
  verb: Verb,
  options: ConfirmOptions & VouchOptions & { readonly word: string; readonly act: RestoreVerb },
): Promise<Answer> {
  const { act, word } = options;
  const attest = vouchedIn(options);
  const isAsked = act === 'rollback' || act === 'release';
  if (isAsked) requireConfirmable(fleet.session, options);
  const operation = await restoreAt(fleet, word);
  const before = await toldSoFar(fleet, operation);
  const restore = restoreOf(operation, before.records);
  const { plan } = restore;
  if (isAsked) {
    const undoing = act === 'rollback' ? undoingSentences(restore) : [];
    const question = [questions[act](plan), ...undoing].join('\n');
    await confirmCluster(fleet.session, options, question, plan.cluster.name);
  }
  const call = { params: { operation: operation.id }, idempotencyKey: randomUUID() };
  const begun =
    act === 'release'
      ? await fleet.client.call('releaseRestore', call)
      : await fleet.client.call(backRoutes[act], { ...call, body: { attest } });
  if (act === 'release') {
    const ended = await followed(fleet, begun, { after: before.events.at(-1)?.n });
    // One that was put back before is so still: what counts is that nothing is kept any more.
    return releasedAnswer(ended.result?.['released'] === true ? ended : refuseFailed(ended), plan);
  }
  try {
    return await followRestore(fleet, verb, begun, before);
  } catch (error) {
    // One that had not begun to touch anything is given up without a report.
    if (act !== 'abort' || !isFailure(error, 'operation-cancelled')) throw error;
    return {
      json: { apiVersion, kind: 'RestoreAbort', operation: operation.id },
      names: [operation.id],
      text: () => 'Nothing had been touched.\n',
    };
  }
}

/** @throws Failure usage without a reason */
function vouchedIn({ attestOff = [], reason = '' }: VouchOptions): Attestation[] {
  if (attestOff.length > 0 && reason.length < 3)
    throw new Failure('usage', '--attest-off is recorded with a --reason');
  return [...new Set(attestOff)].map((member) => ({ member, reason }));
}

function releasedAnswer({ id, result }: Operation, plan: RestorePlan): Answer {
  const paths = Array.isArray(result?.['paths']) ? result['paths'].map(String) : [];
  return {
    json: { apiVersion, kind: 'RestoreRelease', released: [{ id: plan.id, operation: id, paths }] },
    names: [id],
    text: () => `released ${plan.id} (${id})\n${paths.map((path) => `  deleted ${path}\n`).join('')}`,
  };
}
