import { Failure } from '@holdfast/base';
import type { PlannedStep } from '@holdfast/model';
import { undoStep } from './act.ts';
import { faultDetails, faultSentence, type Fault } from './fault.ts';
import { keepAtRest, movesData } from './keep-at-rest.ts';
import { pauseIfAsked, stateOf, type Leader } from './leader.ts';
import { inTurns, nextWave } from './wave.ts';

/**
 * Undoes every step that was begun, the last one first.
 *
 * @throws restore-stuck when one cannot be undone, restore-paused; what the journal throws
 */
export async function goBack(leader: Leader): Promise<void> {
  const { plan, journal } = leader;
  for (;;) {
    pauseIfAsked(leader);
    const state = stateOf(leader);
    const wave = nextWave(plan.steps, state);
    if (wave.length === 0) break;
    if (movesData(wave, state)) await bringToRest(leader);
    await undoAll(leader, wave);
  }
  // A journal that has lost records does not know of these; a claim that nobody holds is given back all the same.
  const state = stateOf(leader);
  await undoAll(
    leader,
    plan.steps.filter(({ kind, number }) => kind === 'lock' && state.steps[number - 1] === 'pending'),
  );
  await journal.append('rolled-back');
}

/**
 * Before data is moved back nothing of the control plane may run. What has run beside the restored etcd may have written to
 * it: when nobody has asked for the way back, nobody has said yet that this may be put aside.
 *
 * @throws restore-stuck, restore-paused; what the journal throws
 */
async function bringToRest(leader: Leader): Promise<void> {
  const { plan, journal } = leader;
  const loose = await keepAtRest(leader);
  pauseIfAsked(leader);
  if (loose !== undefined) {
    const why = faultSentence(loose);
    await journal.append('stuck', { step: loose.step.number, evidence: { why } });
    const details = { id: plan.id, ...faultDetails(loose) };
    throw new Failure('restore-stuck', why, details, { cause: loose.error });
  }
  const { mayBeWritten, why: first } = stateOf(leader);
  if (!mayBeWritten || isAskedFor(leader)) return;
  const why = `${first}; a part of the control plane ran again beside the restored etcd and may have written to it, so nothing is put back by itself: \`resume\` puts the old data back and the new aside`;
  await journal.append('stuck', { evidence: { why } });
  throw new Failure('restore-stuck', why, { id: plan.id });
}

/** Whether a person wants everything back: since it failed, somebody has turned it back or taken it up. */
function isAskedFor({ journal: { records } }: Leader): boolean {
  const last = records.findLast(({ event }) => event === 'back' || event === 'taken');
  return last?.event !== 'back' || last.evidence?.['by'] !== 'failure';
}

/** @throws restore-stuck, restore-paused; what the journal throws */
async function undoAll(leader: Leader, wave: readonly PlannedStep[]): Promise<void> {
  const { plan, journal } = leader;
  const fault = await undoWave(leader, wave);
  pauseIfAsked(leader);
  if (fault === undefined) return;
  const why = faultSentence(fault);
  await journal.append('stuck', { step: fault.step.number, evidence: { why } });
  const details = { id: plan.id, ...faultDetails(fault) };
  throw new Failure('restore-stuck', `${why}; this was the undo`, details, { cause: fault.error });
}

/** The first undo that failed. Those beside it are not disturbed: each brings its member nearer to what it was. */
async function undoWave(leader: Leader, wave: readonly PlannedStep[]): Promise<Fault | undefined> {
  const { context, journal, options } = leader;
  const faults: Fault[] = [];
  const stop = new AbortController();
  await inTurns(wave, options.concurrency ?? Infinity, stop, async (step) => {
    if (context.signal.aborted) return;
    const about = { step: step.number };
    if (step.undone === null) {
      await journal.append('undone', about);
      return;
    }
    await journal.append('undo', about);
    const ending = await undoStep(leader, step, context.signal);
    if (ending.outcome === 'done') {
      await journal.append('undone', { ...about, evidence: ending.value });
      return;
    }
    if (ending.outcome === 'failed') faults.push({ step, error: ending.error, settled: ending.settled });
    stop.abort();
  });
  return faults[0];
}
