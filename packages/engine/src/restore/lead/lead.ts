import { Failure, isFailure } from '@holdfast/base';
import {
  planSteps,
  type PlannedStep,
  type OperationState,
  type RestorePlan,
  type RestoreReport,
} from '@holdfast/model';
import type { VerbContext } from '../../context.ts';
import { promisesSnapshots } from '../cluster-steps/index.ts';
import { storedReport } from '../journal/index.ts';
import { planHash } from '../plan/index.ts';
import { goBack } from './back.ts';
import { faultDetails, faultSentence } from './fault.ts';
import { goForward } from './forward.ts';
import { stateOf, type Leader, type LeadOptions } from './leader.ts';
import { refuseBelowLater } from './later.ts';
import { needsSnapshot, refuseClosed } from './closed.ts';
import { begin, noteTaken, report, takeUp } from './take-up.ts';
import { refuseVouching } from './vouched.ts';
import { refuseNoWayBack } from './way-back.ts';

type Again = LeadOptions & {
  /** Of the restore. */
  readonly id: string;
};

/**
 * Carries a plan out. A step that fails, or takes longer than its limit, has everything undone.
 *
 * @throws restore-rolled-back; restore-held when another one is at work on the data; restore-stuck when it can neither go
 *   on nor be undone; restore-paused when the signal was aborted; restore-refused when it is no whole plan or lacks its repository, key-missing when it lacks its key, restore-state when it was begun before, restore-running; disk-full
 *   and file-unwritable when the journal cannot be written, which leaves everything as it stands
 */
export async function runRestore(
  context: VerbContext,
  options: LeadOptions & { readonly plan: RestorePlan },
): Promise<RestoreReport> {
  refuseAltered(options.plan);
  refuseNothingSaved(options);
  await refuseClosed(context, options);
  return begin(context, options, options.plan, async (held) => {
    await noteTaken(held, options);
    return finish({ ...held, context, options });
  });
}

/**
 * Goes on with a restore in the direction in which it was going.
 *
 * @throws as {@link runRestore}, of the repository and the key only while a member still needs the snapshot; restore-missing,
 *   journal-damaged, restore-state when it is over, is vouched for while it goes forward, or is being undone and a later restore of the cluster stands on it
 */
export async function resumeRestore(context: VerbContext, options: Again): Promise<RestoreReport> {
  return takeUp(context, options, async (held) => {
    const leader: Leader = { ...held, context, options };
    const { outcome, direction } = stateOf(leader);
    if (outcome !== undefined) return lateReport(leader, outcome);
    refuseVouching(leader, direction);
    if (direction === 'back') await refuseBelowLater(leader);
    else if (needsSnapshot(leader)) await refuseClosed(context, { ...options, plan: leader.plan });
    await noteTaken(leader, options);
    if (direction === 'forward') return finish(leader);
    await goBack(leader);
    return report(leader);
  });
}

/**
 * Undoes a restore that is not over.
 *
 * @throws restore-state when it is over, cannot be undone any more, or a later restore of the cluster stands on it; else as {@link resumeRestore}
 */
export async function abortRestore(context: VerbContext, options: Again): Promise<RestoreReport> {
  return takeUp(context, options, async (held) => {
    const leader: Leader = { ...held, context, options };
    const { outcome } = stateOf(leader);
    if (outcome === 'finished') {
      throw stateFailure(
        leader,
        `it is finished: put the old data back with holdfast restore rollback ${options.id}`,
      );
    }
    if (outcome !== undefined) return lateReport(leader, outcome);
    await refuseBelowLater(leader);
    return turnBack(leader, 'abort');
  });
}

/**
 * Undoes a restore, finished or not. What the restored cluster has taken in is put aside.
 *
 * @throws restore-state when it is rolled back already, its kept data was released, it cannot be undone any more, or a
 *   later restore of the cluster stands on it; else as {@link resumeRestore}
 */
export async function rollbackRestore(context: VerbContext, options: Again): Promise<RestoreReport> {
  return takeUp(context, options, async (held) => {
    const leader: Leader = { ...held, context, options };
    const { outcome, released } = stateOf(leader);
    if (outcome === 'rolled-back') return lateReport(leader, outcome);
    if (released) throw stateFailure(leader, 'the old data that it had kept was released');
    await refuseBelowLater(leader);
    return turnBack(leader, 'rollback');
  });
}

async function finish(leader: Leader): Promise<RestoreReport> {
  const fault = await goForward(leader);
  const made = await report(leader);
  if (fault === undefined) return made;
  // Another restore is at work there: this one was refused, since nothing but its own claims was there to put back.
  if (fault.step.kind === 'lock' && isFailure(fault.error, 'restore-held')) throw fault.error;
  const details = { id: leader.plan.id, ...faultDetails(fault) };
  throw new Failure('restore-rolled-back', faultSentence(fault), details, { cause: fault.error });
}

async function turnBack(leader: Leader, by: 'abort' | 'rollback'): Promise<RestoreReport> {
  const { journal, options } = leader;
  const state = stateOf(leader);
  refuseVouching(leader, 'back');
  await refuseNoWayBack(leader, state);
  await noteTaken(leader, options);
  if (state.direction === 'forward') {
    const who = options.by === undefined ? 'a person' : options.by;
    await journal.append('back', { evidence: { why: `${who} wanted it back (${by})`, by } });
  }
  await goBack(leader);
  return report(leader);
}

/** Of a restore that is over: the report, where a crash has kept it from being written. */
async function lateReport(
  leader: Leader,
  outcome: NonNullable<OperationState['outcome']>,
): Promise<RestoreReport> {
  if ((await storedReport(leader.folder))?.outcome !== outcome) return report(leader);
  throw stateFailure(leader, outcome === 'finished' ? 'it is finished' : 'everything was put back already');
}

function stateFailure({ plan }: Leader, why: string): Failure {
  return new Failure('restore-state', why, { id: plan.id });
}

/** A plan is carried out as it was made and read, by this version's own table of steps. */
function refuseAltered(plan: RestorePlan): void {
  if (plan.hash === planHash(plan) && orderOf(plan.steps) === orderOf(planSteps(plan))) return;
  const why = 'the plan is not as it was made: its hash or its steps do not fit the rest';
  throw new Failure('restore-refused', why, { cluster: plan.cluster.name });
}

/** Who read the plan counts on the snapshots that it saves. A restore that was begun goes on without, and warns. */
function refuseNothingSaved({ plan, repository }: LeadOptions & { readonly plan: RestorePlan }): void {
  if (repository !== undefined || !promisesSnapshots(plan)) return;
  const why =
    'P15 safety copy: the plan saves snapshots to the repository that it was made with, and none is named: name it with --repo, or plan anew without one';
  throw new Failure('restore-refused', why, { cluster: plan.cluster.name, checks: 'P15' });
}

function orderOf(steps: readonly PlannedStep[]): string {
  return JSON.stringify(steps.map(({ kind, member }) => [kind, member]));
}
