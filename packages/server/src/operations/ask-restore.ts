import { Failure } from '@holdfast/base';
import { possibleVerbs, RestorePlan, type OperationState } from '@holdfast/model';
import type { Operation, Placement } from '@holdfast/model/fleet';
import type { StoredCluster } from '../store/clusters.ts';
import type { Tables } from '../store/store.ts';
import { clusterOf } from './ask-save.ts';
import { inputOf, notesOf } from './inputs.ts';
import { newOperation, type Making } from './new-operation.ts';
import { oddPart } from './odd-plan.ts';
import type { Asker, Operations, WantedAgain } from './operations.ts';
import type { Candidate } from './ports.ts';
import { journalOf, ordersOf } from './read-view.ts';
import { withRestOfMachine } from './rest-of-machine.ts';
import { foldRestore } from './restore-state.ts';
import { silentMs, silentSince } from './view.ts';

/** Milliseconds after which a plan is too old: what it rests on has changed. */
const planMs = 3_600_000;

/** A restore as it is asked for. @throws Failure cluster-unknown, operation-unknown, plan-unusable, confirm-wrong, cluster-busy */
export async function restoreOf(
  tables: Tables,
  asker: Asker,
  wanted: Parameters<Operations['restore']>[1],
  making: Making,
): Promise<Operation> {
  const cluster = await clusterOf(tables, wanted.cluster);
  const made = await operationOf(tables, wanted.plan);
  const plan = usablePlan(made, wanted, making.now);
  if (wanted.confirm !== cluster.spec.name)
    throw new Failure('confirm-wrong', 'it is another name', { name: cluster.spec.name });
  return await restoreBy(tables, asker, { cluster, made, plan }, making);
}

/** @throws Failure cluster-busy: a restore is open, or something else holds the cluster */
export async function checkFree(tables: Tables, { id, heldBy }: StoredCluster): Promise<void> {
  const restores = await tables.operations.open(id);
  const holder = restores.find(({ kind }) => kind === 'restore')?.id ?? heldBy;
  if (holder !== null) throw new Failure('cluster-busy', 'one restore at a time', { holder });
}

/** The restore of a plan that was made. @throws Failure cluster-busy, plan-unusable */
export async function restoreBy(
  tables: Tables,
  asker: Asker,
  of: { readonly cluster: StoredCluster; readonly made: Operation; readonly plan: RestorePlan },
  making: Making,
): Promise<Operation> {
  const { cluster, made, plan } = of;
  const failed = plan.checks.filter(({ outcome }) => outcome === 'failed');
  if (failed.length > 0)
    throw new Failure('plan-unusable', failed.map(({ id, detail }) => `${id}: ${detail}`).join('; '), {
      plan: made.id,
    });
  const odd = oddPart(plan, inputOf('plan', made));
  if (odd !== undefined) throw new Failure('plan-unusable', odd, { plan: made.id });
  await checkFree(tables, cluster);
  const { items } = await tables.operations.list({ clusters: [cluster.id], kind: 'restore', limit: 100 });
  const again = items.find((each) => each.input['from'] === made.id && each.state !== 'cancelled');
  if (again !== undefined)
    throw new Failure('plan-unusable', `restore ${again.id} was made by it already`, { plan: made.id });
  const { placement, repository, leader, request } = inputOf('plan', made);
  const { restartNodes } = request;
  const input = { plan, from: made.id, placement, repository, leader, restartNodes };
  const approvalsNeeded = cluster.spec.approvals;
  return newOperation(asker, { kind: 'restore', cluster: cluster.id, approvalsNeeded, input }, making);
}

function usablePlan(
  made: Operation,
  { cluster, hash }: Parameters<Operations['restore']>[1],
  now: Date,
): RestorePlan {
  const refuse = (why: string): Failure => new Failure('plan-unusable', why, { plan: made.id });
  if (made.kind !== 'plan' || made.cluster !== cluster)
    throw refuse('it is no plan of a restore of this cluster');
  if (made.state !== 'succeeded') throw refuse(`the operation that makes it is ${made.state}`);
  const parsed = RestorePlan.safeParse(made.result);
  if (!parsed.success) throw refuse('its agent answered with what is no plan');
  const plan = parsed.data;
  if (plan.hash !== hash) throw refuse('its hash is another one: it is not the plan that was read');
  const ageMs = now.getTime() - Date.parse(made.endedAt!);
  if (ageMs >= planMs) throw refuse('it is more than an hour old');
  return plan;
}

/** @throws Failure operation-unknown */
export async function operationOf(tables: Tables, id: string): Promise<Operation> {
  const operation = await tables.operations.get(id);
  if (operation === undefined)
    throw new Failure('operation-unknown', 'it was never made, or is gone by now', { operation: id });
  return operation;
}

/**
 * Puts down what a person wants done with a restore that was begun; a runner has it done. A leader that is at work is asked
 * to stop first.
 *
 * @throws Failure operation-unknown, operation-state, cluster-busy
 */
export async function askAgain(
  tables: Tables,
  asker: Asker,
  wanted: WantedAgain & { readonly id: string; readonly nodes: readonly Candidate[] },
  { now, watchedSince }: { readonly now: Date; readonly watchedSince: Date },
): Promise<Operation> {
  const { id, verb, nodes, attest } = wanted;
  const operation = await operationOf(tables, id);
  const refuse = (why: string): Failure => new Failure('operation-state', why, { operation: id });
  if (operation.kind !== 'restore') throw refuse('it is no restore');
  if (operation.state === 'waiting') throw refuse('it has not begun; it can be cancelled');
  const orders = await ordersOf(tables, id);
  const last = orders.at(-1);
  if (last === undefined) throw refuse(`it is ${operation.state} and was never led by a node`);
  const { plan, placement } = inputOf('restore', operation);
  const { state } = foldRestore(plan, await journalOf(tables, orders));
  const verbs = possibleVerbs(plan.steps, state, await isStoodUpon(tables, operation));
  if (!verbs.includes(verb)) throw refuse(`it can be done now: ${verbs.join(', ') || 'nothing'}`);
  const vouching = vainVouching(wanted, placement, state, { now, watchedSince });
  if (vouching !== undefined) throw refuse(vouching);
  const since = last.outcome === null ? silentSince({ nodes, watchedSince }, last) : now.getTime();
  const isLed = last.outcome === null && (since === null || now.getTime() - since < silentMs);
  if (isLed && verb === 'resume') throw refuse(`node ${last.order.node} is at work on it`);
  const holder = await tables.clusters.hold(operation.cluster, id);
  if (holder !== id)
    throw new Failure('cluster-busy', 'one restore at a time', { holder: holder ?? 'a restore' });
  const gone = withRestOfMachine(attest, placement, plan.steps);
  const result = { ...notesOf(operation), wanted: { verb, by: asker.by, attest: gone } };
  const note = {
    type: 'note',
    at: now.toISOString(),
    data: { note: `${asker.by} asked for ${verb}` },
  } as const;
  const told = { type: 'state', at: note.at, data: { state: 'running', why: '' } } as const;
  const events = operation.state === 'running' ? [note] : [note, told];
  const change = { state: 'running', why: '', result, endedAt: null } as const;
  return (await tables.operations.change(id, null, change, events)) ?? operation;
}

/**
 * Why nobody can vouch so. Who can be reached is asked, and who may come back to a server that has just begun is waited for;
 * and only the way back can leave a machine out.
 */
function vainVouching(
  { verb, attest, nodes }: WantedAgain & { readonly nodes: readonly Candidate[] },
  placement: Placement,
  { direction }: OperationState,
  { now, watchedSince }: { readonly now: Date; readonly watchedSince: Date },
): string | undefined {
  const isConnected = (id: string | undefined): boolean =>
    nodes.some(({ node, connected }) => connected && node === id);
  const isNew = now.getTime() - watchedSince.getTime() < silentMs;
  const mayComeBack = (id: string | undefined): boolean =>
    isNew &&
    nodes.some(({ node, seenAt }) => node === id && !(Date.parse(seenAt ?? '') >= watchedSince.getTime()));
  const stranger = attest.find(({ member }) => placement[member] === undefined);
  if (stranger !== undefined) return `no node carries ${stranger.member}`;
  const there = attest.find(({ member }) => isConnected(placement[member]));
  if (there !== undefined) return `${there.member} can be reached, so nobody has to vouch for it`;
  const early = attest.find(({ member }) => mayComeBack(placement[member]));
  if (early !== undefined)
    return `the server began to listen at ${watchedSince.toISOString()} and does not know yet whether ${early.member} can be reached: ask again in a minute`;
  const isOn = verb === 'release' || (verb === 'resume' && direction === 'forward');
  return isOn && attest.length > 0 ? 'nobody can be left out but on the way back: abort it' : undefined;
}

/** Whether a later restore of the cluster stands on this one. */
async function isStoodUpon(tables: Tables, { id, cluster, createdAt }: Operation): Promise<boolean> {
  const { items } = await tables.operations.list({ clusters: [cluster], kind: 'restore', limit: 100 });
  return items.some(
    (other) =>
      other.id !== id &&
      other.createdAt > createdAt &&
      ['running', 'stuck', 'succeeded'].includes(other.state),
  );
}
