import { z } from 'zod';
import { transitions, type Phase } from './phases.ts';
import type { PlannedStep } from './restore-plan.ts';

/** One line of a restore's journal. Written and forced to the disk before and after each act. */
export const JournalRecord = z.object({
  /** From 0, without holes. */
  n: z.int().min(0),
  at: z.iso.datetime({ precision: 3 }),
  event: z.enum([
    'opened', // the plan stands beside the journal
    'begin', // a step is about to be done; of a `halt` that was done: what it had stopped was found running
    'done', // it is done
    'failed', // it failed, or took too long; `back` follows, or it stands still for a person
    'back', // from here on everything is undone: by failure, `abort` or `rollback`
    'undo', // a step is about to be undone
    'undone', // it is undone
    'stuck', // it could not be undone; `resume` tries again
    'finished', // every step is done
    'rolled-back', // every step that was begun is undone
    'released', // the kept data is gone
    'taken', // a process takes the restore up, the first time or again
  ]),
  /** Number of the step, where it is about one. */
  step: z.int().min(1).optional(),
  /** What the step found or did; or who, why. JSON. */
  evidence: z.record(z.string(), z.unknown()).optional(),
});
export type JournalRecord = z.infer<typeof JournalRecord>;

export type StepState = 'pending' | 'begun' | 'done' | 'undoing' | 'undone';

/** Where a restore stands, as its journal tells. */
export interface OperationState {
  readonly phase: Phase;
  /** `forward`: steps are being done; `back`: they are being undone. */
  readonly direction: 'forward' | 'back';
  /** Undefined while there is something to do. */
  readonly outcome: 'finished' | 'rolled-back' | undefined;
  /** Whether the last attempt, to do or to undo, failed and nothing came of it: it stands still for a person. */
  readonly stuck: boolean;
  readonly released: boolean;
  /** Whether it was undone after it had finished: what the new cluster took in is then put aside, not removed. */
  readonly wasFinished: boolean;
  /**
   * Whether a part of the control plane was started on the new data, or was found running beside an etcd that was: nothing
   * but a person takes the restore back any more.
   */
  readonly mayBeWritten: boolean;
  /** By number - 1. */
  readonly steps: readonly StepState[];
  /** What each done step found, by number. */
  readonly evidence: ReadonlyMap<number, Readonly<Record<string, unknown>>>;
  /** Why it went back, or stands still; '' otherwise. */
  readonly why: string;
  /** The step to do or undo next; undefined when nothing is left. */
  readonly next: PlannedStep | undefined;
}

/** Replays a journal against the steps of its plan. */
export function operationState(
  steps: readonly PlannedStep[],
  records: readonly JournalRecord[],
): OperationState {
  const states: StepState[] = steps.map(() => 'pending');
  const evidence = new Map<number, Readonly<Record<string, unknown>>>();
  let direction: OperationState['direction'] = 'forward';
  let outcome: OperationState['outcome'];
  let [stuck, released, wasFinished, mayBeWritten, why] = [false, false, false, false, ''];
  for (const record of records) {
    const index = (record.step ?? 0) - 1;
    const said = record.evidence?.['why'];
    if (record.event === 'begin') {
      states[index] = 'begun';
      const { kind, serves } = steps[index] ?? {};
      mayBeWritten ||= serves === true || kind === 'serve' || (kind === 'halt' && isStarted(steps, states));
    }
    if (record.event === 'done') {
      states[index] = 'done';
      evidence.set(index + 1, record.evidence ?? {});
    }
    if (record.event === 'undo') states[index] = 'undoing';
    if (record.event === 'undone') states[index] = 'undone';
    if (record.event === 'back') {
      direction = 'back';
      wasFinished ||= outcome === 'finished';
      outcome = undefined;
    }
    const fails = record.event === 'failed' || record.event === 'stuck';
    if ((fails || record.event === 'back') && typeof said === 'string') why = said;
    stuck = fails || (stuck && record.event === 'taken');
    if (record.event === 'finished') outcome = 'finished';
    if (record.event === 'rolled-back') outcome = 'rolled-back';
    if (record.event === 'released') released = true;
  }
  const next = outcome === undefined ? nextStep(steps, states, direction) : undefined;
  return {
    phase: phaseOf(steps, evidence, direction, outcome),
    direction,
    outcome,
    stuck,
    released,
    wasFinished,
    mayBeWritten,
    steps: states,
    evidence,
    why: direction === 'back' || stuck ? why : '',
    next,
  };
}

/** Whether an etcd may run from the new data. */
function isStarted(steps: readonly PlannedStep[], states: readonly StepState[]): boolean {
  return steps.some(({ kind }, i) => kind === 'start' && states[i] !== 'pending' && states[i] !== 'undone');
}

function nextStep(
  steps: readonly PlannedStep[],
  states: readonly StepState[],
  direction: OperationState['direction'],
): PlannedStep | undefined {
  if (direction === 'forward') return steps.find((_, i) => states[i] === 'pending' || states[i] === 'begun');
  return steps.findLast((_, i) => states[i] !== 'pending' && states[i] !== 'undone');
}

function phaseOf(
  steps: readonly PlannedStep[],
  found: OperationState['evidence'],
  direction: OperationState['direction'],
  outcome: OperationState['outcome'],
): Phase {
  if (direction === 'back') return transitions.Started.fail;
  if (outcome === 'finished') return 'Finished';
  // One that is done once more, as a `halt`, takes it back to no earlier phase.
  const next = steps.find(({ number }) => !found.has(number));
  return next?.phase ?? 'Finished';
}
