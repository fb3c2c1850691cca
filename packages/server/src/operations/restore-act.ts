import type { OperationState } from '@holdfast/model';
import type { Operation } from '@holdfast/model/fleet';
import type { StoredOrder } from '../store/orders.ts';
import type { Act, SnapshotPlace } from './acts.ts';
import { cancelledEnd, end, wait } from './endings.ts';
import { inputOf, notesOf, type Inputs } from './inputs.ts';
import { failureIn, resultIn } from './outcome-of.ts';
import { foldRestore } from './restore-state.ts';
import { isVouched, leadAct } from './lead-act.ts';
import { restartAfter } from './restart-after.ts';
import { isAtWork, lastOrder, silentMs, silentSince, timeOf, type View } from './view.ts';

const minute = 60_000;
/** Milliseconds after which an approval that was not given is not waited for any longer. */
export const approvalMs = 24 * 60 * minute;
/** Milliseconds that saves under way have to come to their end before a restore begins. */
const savesMs = 10 * minute;
/** Milliseconds that what was asked to be given up has for it, before the restore goes on all the same. */
const displacedMs = 2 * minute;
/** Milliseconds after the end of a lead order within which the last of its records have to be told. */
const recordsMs = 10_000;

/** How a restore stands, as far as its runner is concerned. */
export const restoreStages = [
  'unwanted', // somebody gave it up before it began
  'unapproved', // not enough people have allowed it yet
  'expired', // nor will they
  'free', // it does not hold the cluster yet
  'shared', // something else is still at work in the cluster
  'ready', // its leader can be told
  'untold', // the leader tells of more than the operation has
  'led', // its leader is at work
  'called-off', // its leader is at work, and somebody wants something else done with it
  'lost-leader', // its leader is silent, and somebody wants something done with it
  'asked', // no leader is at work, and somebody wants something done with it
  'unclear', // the leader's order has ended, its last records may still come
  'ended', // the leader's order has ended
] as const;
export type RestoreStage = (typeof restoreStages)[number];

/** What is done in each stage. */
export const restoreTable = {
  unwanted: 'end',
  unapproved: 'wait',
  expired: 'end',
  free: 'hold',
  shared: 'clear',
  ready: 'lead',
  untold: 'tell',
  led: 'wait',
  'called-off': 'withdraw',
  'lost-leader': 'settle',
  asked: 'lead',
  unclear: 'wait',
  ended: 'conclude',
} as const satisfies Record<RestoreStage, string>;

/** @see restoreStages */
export function restoreStage(view: View): RestoreStage {
  const { operation, cluster, journal, now } = view;
  const last = lastOrder(view);
  const notes = notesOf(operation);
  if (last === undefined) {
    if (notes.cancel !== undefined) return 'unwanted';
    if (operation.approvals.length < operation.approvalsNeeded)
      return now.getTime() >= Date.parse(operation.createdAt) + approvalMs ? 'expired' : 'unapproved';
    if (cluster.heldBy !== operation.id) return 'free';
    return inTheWay(view).length > 0 && now.getTime() < clearedBy(operation) ? 'shared' : 'ready';
  }
  if (journal.length > (notes.told ?? 0)) return 'untold';
  if (last.outcome === null) {
    if (notes.wanted === undefined) return 'led';
    const since = silentSince(view, last);
    const isGone = since !== null && (isVouched(view, last.order.node) || now.getTime() - since >= silentMs);
    return isGone ? 'lost-leader' : 'called-off';
  }
  if (notes.wanted !== undefined) return inTheWay(view).length > 0 ? 'shared' : 'asked';
  const { state } = foldRestore(inputOf('restore', operation).plan, journal);
  return isToldBy(state, last) || now.getTime() >= Date.parse(last.settledAt!) + recordsMs
    ? 'ended'
    : 'unclear';
}

/** Whether the journal is as far as an order that has ended must have brought it. */
function isToldBy(
  { outcome, direction, stuck, released }: OperationState,
  { order, outcome: end }: StoredOrder,
): boolean {
  if (end?.outcome !== 'done') return stuck;
  const verb = order.input['verb'];
  if (verb === 'release') return released;
  return outcome !== undefined && (direction === 'back' || (verb !== 'abort' && verb !== 'rollback'));
}

/** What is next in a restore. Pure. */
export function restoreAct(view: View): Act {
  const stage = restoreStage(view);
  const input = inputOf('restore', view.operation);
  const now = view.now.getTime();
  switch (restoreTable[stage]) {
    case 'end': {
      if (stage === 'unwanted') return cancelledEnd(view);
      return end(view, 'cancelled', { why: 'it was not allowed by enough people within a day' });
    }
    case 'wait':
      return waitIn(stage, view, now);
    case 'hold':
      return { do: 'hold', change: {} };
    case 'clear':
      return clear(view, now);
    case 'lead':
      return leadAct(view, input);
    case 'tell':
      return tell(view, input);
    case 'withdraw': {
      const last = lastOrder(view)!;
      if (last.cancelled)
        return wait(view, 'its leader is asked to stop at the next safe point', now + 5_000);
      return { do: 'withdraw', order: last.order.id, change: {} };
    }
    case 'settle': {
      const { order } = lastOrder(view)!;
      return { do: 'settle', order: order.id, outcome: { outcome: 'cancelled' }, change: {} };
    }
    case 'conclude':
    default:
      return conclude(view, input, lastOrder(view)!);
  }
}

function waitIn(stage: RestoreStage, view: View, now: number): Act {
  const { operation } = view;
  if (stage === 'unapproved') {
    const missing = operation.approvalsNeeded - operation.approvals.length;
    const until = Date.parse(operation.createdAt) + approvalMs;
    const why = `${missing} more ${missing === 1 ? 'person has' : 'people have'} to allow it until ${timeOf(until)}`;
    return wait(view, why, Math.min(until, now + 30_000));
  }
  const last = lastOrder(view)!;
  const { state } = foldRestore(inputOf('restore', operation).plan, view.journal);
  if (stage === 'unclear') return wait(view, state.why, Date.parse(last.settledAt!) + recordsMs);
  const since = silentSince(view, last);
  const why =
    since === null
      ? state.why
      : `node ${last.order.node}, which leads it, is not connected since ${timeOf(since)}; it goes on when it is back, or another one does when a person resumes it, or aborts it and vouches that the machine is off for good`;
  return wait(view, why, now + 5_000);
}

/**
 * What must not go on while a restore does: what writes to the cluster's repositories, or reads its members, before it begins;
 * and always a restart of nodes, even one that has not begun: the restore is followed by its own.
 */
function inTheWay({ operation, orders, others }: View): Operation[] {
  if (notesOf(operation).wanted?.verb === 'release') return [];
  return others.filter(
    (other) =>
      other.kind === 'restart-nodes' ||
      (orders.length === 0 && isAtWork(other) && ['save', 'prune', 'delete'].includes(other.kind)),
  );
}

function clearedBy({ startedAt }: Operation): number {
  return Date.parse(startedAt!) + savesMs + displacedMs;
}

/** Saves may come to their end, within bounds; everything else is given up at once. */
function clear(view: View, now: number): Act {
  const { operation } = view;
  const disturbing = inTheWay(view);
  const isPatient = now < Date.parse(operation.startedAt!) + savesMs;
  const displaced = disturbing.filter(
    (other) => notesOf(other).cancel === undefined && (other.kind !== 'save' || !isPatient),
  );
  if (displaced.length > 0) {
    const reason = `${operation.id} restores the cluster`;
    return { do: 'displace', operations: displaced.map(({ id }) => id), reason, change: {} };
  }
  const why = `it waits for the end of ${disturbing.map(({ id }) => id).join(', ')}`;
  return wait(view, why, now + 5_000);
}

/** What the journal has beyond what was told. */
function tell(view: View, { plan }: Inputs['restore']): Act {
  const { operation, journal } = view;
  const notes = notesOf(operation);
  const { state, phase, steps } = foldRestore(plan, journal);
  const told = journal
    .slice(notes.told ?? 0)
    .map((record) => ({ type: 'record', data: { record } }) as const);
  const result = { ...notes, told: journal.length };
  return { do: 'change', change: { phase, steps, why: state.why, result }, told };
}

/** The leader's order has ended: how the restore stands is what the journal says, not what the order says. */
function conclude(view: View, { plan, repository }: Inputs['restore'], last: StoredOrder): Act {
  const { operation } = view;
  const { state } = foldRestore(plan, view.journal);
  const failure = failureIn(last);
  const { told: count = 0, restartNodes } = notesOf(operation);
  const outcome = state.outcome ?? reportedIn(last);
  const told = {
    ...{ told: count, restore: plan.id, released: state.released },
    ...(restartNodes !== undefined && outcome !== 'rolled-back' && { restartNodes }),
  };
  const result = { ...told, ...resultIn(last) };
  const refresh = savedBy(state, plan, repository);
  if (outcome === 'finished') {
    const { follows, told: notes } = restartAfter(view, last);
    const ended = end(view, 'succeeded', { result, failure, why: warningsIn(last), follows });
    return { ...ended, refresh, told: notes };
  }
  if (outcome === 'rolled-back') {
    const { follows, told: notes } = restartAfter(view, last);
    return {
      ...end(view, 'rolled-back', { result, failure, why: state.why, follows }),
      refresh,
      told: notes,
    };
  }
  if (isUntouched(state)) {
    if (last.outcome?.outcome === 'cancelled') return cancelledEnd(view);
    return end(view, 'failed', { failure, result: told });
  }
  const why = state.why || (failure === null ? '' : `${failure.what}: ${failure.why}`);
  return { do: 'change', change: { state: 'stuck', why, failure, result: told } };
}

/** The snapshots that a restore has saved: of what it was about to replace, and of what it has made. */
function savedBy(
  { evidence }: OperationState,
  { steps }: Inputs['restore']['plan'],
  repository: string | null,
): SnapshotPlace[] {
  if (repository === null) return [];
  return steps
    .filter(({ kind }) => kind === 'guard' || kind === 'save')
    .map(({ number }) => evidence.get(number)?.['name'])
    .filter((name) => typeof name === 'string')
    .map((name) => ({ repository, name }));
}

/** How it ended by the leader's report, where a part of its journal was lost on the way. */
function reportedIn(last: StoredOrder): OperationState['outcome'] {
  const told = resultIn(last)?.['outcome'];
  return told === 'finished' || told === 'rolled-back' ? told : undefined;
}

function isUntouched({ steps, direction }: OperationState): boolean {
  return direction === 'forward' && steps.every((step) => step === 'pending');
}

function warningsIn(last: StoredOrder): string {
  const warnings = resultIn(last)?.['warnings'];
  const told = Array.isArray(warnings) ? warnings.filter((each) => typeof each === 'string') : [];
  const failure = failureIn(last);
  return [...told, ...(failure === null ? [] : [`${failure.what}: ${failure.why}`])].join('; ');
}
