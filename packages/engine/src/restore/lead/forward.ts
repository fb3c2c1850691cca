import { Failure } from '@holdfast/base';
import type { PlannedStep } from '@holdfast/model';
import { doStep } from './act.ts';
import { goBack } from './back.ts';
import { faultDetails, faultSentence, type Fault } from './fault.ts';
import { begunForGood, pauseIfAsked, stateOf, type Leader } from './leader.ts';
import { keepAtRest, movesData } from './keep-at-rest.ts';
import { standStill } from './stand-still.ts';
import { inTurns, nextWave } from './wave.ts';

/**
 * Does every step that is left. When one fails, all is undone; but not once a part of the control plane was started on the
 * new data, or has run beside it, and may have written to it: then it stands still for a person.
 *
 * @returns why it was rolled back; undefined when it is finished
 * @throws restore-paused, restore-stuck; what the journal throws
 */
export async function goForward(leader: Leader): Promise<Fault | undefined> {
  const { plan, journal } = leader;
  for (;;) {
    pauseIfAsked(leader);
    const state = stateOf(leader);
    const wave = nextWave(plan.steps, state);
    if (wave.length === 0) break;
    const loose = movesData(wave, state) ? await keepAtRest(leader) : undefined;
    pauseIfAsked(leader);
    const faults = loose === undefined ? await doWave(leader, wave) : only(loose);
    pauseIfAsked(leader);
    const [first] = faults.failed;
    if (first !== undefined) {
      await turnBack(leader, first, faults);
      return first;
    }
  }
  await journal.append('finished');
  return undefined;
}

interface WaveFaults {
  readonly failed: readonly Fault[];
  /** Those that were told to stop and still act. */
  readonly acting: readonly Fault[];
}

function only(fault: Fault): WaveFaults {
  return { failed: [fault], acting: fault.settled ? [] : [fault] };
}

async function doWave(leader: Leader, wave: readonly PlannedStep[]): Promise<WaveFaults> {
  const { context, journal, options } = leader;
  const failed: Fault[] = [];
  const acting: Fault[] = [];
  const stop = new AbortController();
  const signal = AbortSignal.any([context.signal, stop.signal]);
  await inTurns(wave, options.concurrency ?? Infinity, stop, async (step) => {
    if (signal.aborted) return;
    await journal.append('begin', { step: step.number });
    const ending = await doStep(leader, step, signal);
    if (ending.outcome === 'done') {
      await journal.append('done', { step: step.number, evidence: ending.value });
      return;
    }
    const fault: Fault = { step, error: ending.error, settled: ending.settled };
    if (ending.outcome === 'failed' && step.phase === 'Finished') {
      // The cluster serves: that something after it went wrong is told, and takes nothing back.
      await journal.append('done', { step: step.number, evidence: { warning: faultSentence(fault) } });
      return;
    }
    if (ending.outcome === 'failed') failed.push(fault);
    if (!ending.settled) acting.push(fault);
    stop.abort();
  });
  return { failed, acting };
}

const onlyByPerson =
  'an API server may have written to the new data, so nothing is put back by itself: ' +
  '`resume` tries again, `rollback` puts the old data back and the new aside';

async function turnBack(leader: Leader, first: Fault, { failed, acting }: WaveFaults): Promise<void> {
  const { plan, journal } = leader;
  const why = faultSentence(first);
  // Before the failure is noted, so that this is what the journal ends with.
  const loose = await looseBeside(leader);
  for (const fault of [...(loose === undefined ? [] : [loose]), ...failed]) {
    await journal.append('failed', { step: fault.step.number, evidence: { why: faultSentence(fault) } });
  }
  const final = begunForGood(plan, stateOf(leader));
  const details = { id: plan.id, ...faultDetails(first) };
  if (final !== undefined) {
    const isDone = stateOf(leader).steps[final.number - 1] === 'done';
    const only = isDone
      ? `; since ${final.kind} of ${final.member} cannot be undone, there is only forward`
      : `; ${final.kind} of ${final.member} may be done and cannot be undone: \`resume\` goes on, \`abort\` looks whether it was`;
    throw new Failure('restore-stuck', `${why}${only}`, details, { cause: first.error });
  }
  if (loose !== undefined || stateOf(leader).mayBeWritten) {
    const besides = loose === undefined ? '' : `${faultSentence(loose)}; `;
    throw new Failure('restore-stuck', `${why}; ${besides}${onlyByPerson}`, details, { cause: first.error });
  }
  await journal.append('back', { evidence: { why, by: 'failure' } });
  const [still] = acting;
  if (still !== undefined) return standStill(leader, still, { first: first.error });
  await goBack(leader);
}

/** Once an etcd may run from the new data: the part of the control plane of which nobody can tell that it is at rest. */
async function looseBeside(leader: Leader): Promise<Fault | undefined> {
  const { steps, mayBeWritten } = stateOf(leader);
  const isStarted = leader.plan.steps.some(({ kind }, i) => kind === 'start' && steps[i] !== 'pending');
  if (mayBeWritten || !isStarted) return undefined;
  const loose = await keepAtRest(leader);
  pauseIfAsked(leader);
  return loose;
}
