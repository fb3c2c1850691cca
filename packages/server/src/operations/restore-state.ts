import { operationState, type JournalRecord, type OperationState, type RestorePlan } from '@holdfast/model';
import type { Operation } from '@holdfast/model/fleet';

/** A restore as its journal tells it, in the words of an operation. */
export interface FoldedRestore {
  readonly state: OperationState;
  readonly phase: NonNullable<Operation['phase']>;
  readonly steps: Operation['steps'];
}

/** Folds a journal over the steps of its plan. */
export function foldRestore({ steps }: RestorePlan, journal: readonly JournalRecord[]): FoldedRestore {
  const state = operationState(steps, journal);
  const newest = new Map<number, JournalRecord>();
  for (const record of journal) if (record.step !== undefined) newest.set(record.step, record);
  return {
    state,
    phase: state.phase,
    steps: steps.map(({ number, phase, kind, member }, index) => {
      const last = newest.get(number);
      const hasFailed = last?.event === 'failed' || last?.event === 'stuck';
      const at = last?.at ?? null;
      return { number, phase, kind, member, at, state: hasFailed ? 'failed' : state.steps[index]! };
    }),
  };
}

/**
 * The journal of a restore from what each of its leaders told, in the order of their orders. Each tells all that it has, from
 * the start on. Where two tell of the same number in different words, the later one counts, and what the earlier one told
 * after it does not: it had gone on without anybody knowing.
 */
export function joinJournals(told: readonly (readonly JournalRecord[])[]): JournalRecord[] {
  let joined: JournalRecord[] = [];
  for (const records of told) {
    const differs = records.findIndex((record) => !isSame(record, joined[record.n]));
    if (differs !== -1) joined = [...joined.slice(0, records[differs]!.n), ...records.slice(differs)];
  }
  // What comes after a hole is not known to have followed what is before it.
  const hole = joined.findIndex(({ n }, at) => n !== at);
  return hole === -1 ? joined : joined.slice(0, hole);
}

function isSame(one: JournalRecord, other: JournalRecord | undefined): boolean {
  return other !== undefined && one.n === other.n && one.at === other.at && one.event === other.event;
}
