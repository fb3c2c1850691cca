import { Failure } from '@holdfast/base';
import type { PlannedStep } from '@holdfast/model';
import { undoStep } from './act.ts';
import type { Fault } from './fault.ts';
import { keepAtRest, movesData } from './keep-at-rest.ts';
import { pauseIfAsked, stateOf, type Leader } from './leader.ts';
import { standStill } from './stand-still.ts';
import { leftAsItIs, vouchedFor } from './vouched.ts';
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
  if (loose !== undefined) return standStill(leader, loose);
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
  const fault = await undoWave(leader, wave);
  pauseIfAsked(leader);
  if (fault !== undefined) await standStill(leader, fault, { besides: '; this was the undo' });
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
    const word = vouchedFor(leader, step);
    if (word !== undefined) {
      await journal.append('undone', { ...about, evidence: leftAsItIs(leader.plan, step, word) });
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
