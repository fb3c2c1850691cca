import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { operationState, type JournalRecord, type OperationState } from './operation.ts';
import { phases, transitions, type Phase } from './phases.ts';
import type { PlannedStep } from './restore-plan.ts';
import { planSteps } from './steps.ts';

const source = {
  kind: 'snapshot',
  label: 's',
  path: '/s',
  sha256: '',
  size: 1,
  revision: 1,
  takenAt: null,
} as const;
const shape = { way: 'snapshot', strategy: 'all', seed: null, source } as const;
const member = (name: string) => ({ name, role: 'member' }) as const;
const plans: readonly (readonly PlannedStep[])[] = [
  planSteps({ ...shape, members: [member('m1')] }),
  planSteps({ ...shape, members: [member('m1'), { name: 'm2', role: 'former' }] }),
  planSteps({ ...shape, strategy: 'seed', seed: 'm1', members: [member('m1'), member('m2')] }),
  planSteps({ ...shape, way: 'replace', members: [member('m3')] }),
  planSteps({
    ...shape,
    members: [member('m1')],
    controlPlane: [
      { name: 'a1', component: 'kube-apiserver' },
      { name: 's1', component: 'kube-scheduler' },
    ],
  }),
];

/** Writes journals as one who leads a restore does: whatever happens, and whatever dies, at any moment. */
class Scribe {
  readonly records: JournalRecord[] = [];
  readonly #steps: readonly PlannedStep[];
  /** What was begun and is not undone, in the order of doing. */
  readonly #held: number[] = [];
  #at = 1;

  constructor(steps: readonly PlannedStep[]) {
    this.#steps = steps;
    this.write('opened');
    this.write('taken');
  }

  write(event: JournalRecord['event'], step?: number, evidence?: Record<string, unknown>): void {
    this.records.push({
      n: this.records.length,
      at: '2026-11-20T12:00:00.000Z',
      event,
      ...(step !== undefined && { step }),
      ...(evidence && { evidence }),
    });
  }

  /**
   * Goes on until the end, a failure, or a death: 0 to 5 all is well, 6 it dies, 7 a step fails, 8 somebody gives up.
   * Once a part of the control plane has begun to serve, a failure waits for a person, who goes on.
   */
  forward(luck: () => number): 'finished' | 'back' {
    while (this.#at <= this.#steps.length) {
      const chance = luck();
      if (chance === 8) return this.turnBack('the user gave up');
      this.write('begin', this.#at);
      if (this.#held.at(-1) !== this.#at) this.#held.push(this.#at);
      if (chance === 6) {
        this.write('taken');
        continue;
      }
      if (chance === 7) {
        this.write('failed', this.#at, { why: 'the disk is full' });
        if (this.#steps[this.#at - 1]?.kind === 'serve') {
          this.write('taken');
          continue;
        }
        return this.turnBack('the disk is full');
      }
      this.write('done', this.#at, { step: this.#at });
      this.#at += 1;
    }
    this.write('finished');
    return 'finished';
  }

  turnBack(why: string): 'back' {
    this.write('back', undefined, { why });
    return 'back';
  }

  /** Undoes all, last first: 6 it dies, 7 it is stuck and tried again. */
  backward(luck: () => number): void {
    for (let step = this.#held.at(-1); step !== undefined; step = this.#held.at(-1)) {
      const chance = luck();
      this.write('undo', step);
      if (chance === 7) this.write('stuck', step, { why: 'etcd does not start' });
      if (chance === 6 || chance === 7) {
        this.write('taken');
        continue;
      }
      this.write('undone', step);
      this.#held.pop();
    }
    this.write('rolled-back');
  }
}

const journals = fc
  .record({
    steps: fc.constantFrom(...plans),
    lucks: fc.array(fc.nat({ max: 8 }), { maxLength: 40 }),
    regret: fc.boolean(),
    release: fc.boolean(),
  })
  .map(({ steps, lucks, regret, release }) => {
    const scribe = new Scribe(steps);
    let at = 0;
    const luck = (): number => lucks[at++] ?? 0;
    let course = scribe.forward(luck);
    if (course === 'finished' && regret) course = scribe.turnBack('the user wants the old data back');
    if (course === 'back') scribe.backward(luck);
    if (release) scribe.write('released');
    return { steps, records: scribe.records };
  });

/** Every state that a journal goes through, record by record. */
function states(steps: readonly PlannedStep[], records: readonly JournalRecord[]): OperationState[] {
  return records.map((_, i) => operationState(steps, records.slice(0, i + 1)));
}

/** A phase without steps is passed through, as `Restore` is when members are only replaced. */
function mayFollow(from: Phase, to: Phase, steps: readonly PlannedStep[]): boolean {
  if (from === to) return true;
  const row: { advance?: Phase; fail?: Phase; rollBack?: Phase } = transitions[from];
  if (row.fail === to || row.rollBack === to) return true;
  if (row.advance === undefined) return false;
  if (row.advance === to) return true;
  return !steps.some(({ phase }) => phase === row.advance) && mayFollow(row.advance, to, steps);
}

describe('a journal that is cut off anywhere', () => {
  test('goes from phase to phase as the table says', () => {
    fc.assert(
      fc.property(journals, ({ steps, records }) => {
        const seen = states(steps, records);
        expect(seen[0]?.phase).toBe('Started');
        for (const [i, { phase }] of seen.entries()) {
          expect(phases).toContain(phase);
          expect(mayFollow(seen[i - 1]?.phase ?? 'Started', phase, steps)).toBe(true);
        }
      }),
    );
  });

  test('has done a first part of the steps, of which a last part is undone', () => {
    fc.assert(
      fc.property(journals, ({ steps, records }) => {
        for (const { steps: told, direction, next, outcome } of states(steps, records)) {
          const text = told.map(
            (each) => ({ done: 'd', begun: 'b', pending: 'p', undoing: 'u', undone: 'U' })[each],
          );
          expect(told).toHaveLength(steps.length);
          expect(text.join('')).toMatch(direction === 'forward' ? /^d*b?p*$/ : /^d*[bu]?U*p*$/);
          expect(next === undefined).toBe(
            outcome !== undefined ||
              (direction === 'forward'
                ? told.every((each) => each === 'done')
                : told.every((each) => each === 'pending' || each === 'undone')),
          );
        }
      }),
    );
  });

  test('is gone on with at the step after the last done one, or before the last undone one', () => {
    fc.assert(
      fc.property(journals, ({ steps, records }) => {
        const touched = (event: JournalRecord['event']): number[] =>
          records.filter((each) => each.event === event).map((each) => each.step ?? 0);
        expect(touched('done')).toEqual(touched('done').map((_, i) => i + 1));
        const undone = touched('undone');
        expect(undone).toEqual(undone.toSorted((a, b) => b - a));
        for (const [i, record] of records.entries()) {
          const before = operationState(steps, records.slice(0, i));
          if (record.event === 'begin' || record.event === 'undo')
            expect(before.next?.number).toBe(record.step);
        }
      }),
    );
  });

  test('tells how it ends, and why', () => {
    fc.assert(
      fc.property(journals, ({ steps, records }) => {
        for (const [i, state] of states(steps, records).entries()) {
          const events = records.slice(0, i + 1).map(({ event }) => event);
          const back = events.includes('back');
          expect(state.direction).toBe(back ? 'back' : 'forward');
          expect(state.phase === 'Failed').toBe(back);
          expect(state.released).toBe(events.includes('released'));
          expect(state.wasFinished).toBe(back && events.includes('finished'));
          expect(state.outcome).toBe(
            events.includes('rolled-back')
              ? 'rolled-back'
              : back || !events.includes('finished')
                ? undefined
                : 'finished',
          );
          const last = events.findLast((each) => each !== 'taken');
          expect(state.stuck).toBe(last === 'stuck' || last === 'failed');
          expect(state.why === '').toBe(!back && !state.stuck);
          for (const [number, found] of state.evidence) expect(found).toEqual({ step: number });
        }
      }),
    );
  });
});

test('a step that failed is no reason any more once it went well', () => {
  const steps = plans[0] ?? [];
  const at = '2026-11-20T12:00:00.000Z';
  const record = (n: number, event: JournalRecord['event'], why?: string): JournalRecord => ({
    n,
    at,
    event,
    step: 1,
    ...(why !== undefined && { evidence: { why } }),
  });
  const stuck = [record(0, 'begin'), record(1, 'failed', 'no space'), record(2, 'stuck', 'no space')];
  expect(operationState(steps, stuck)).toMatchObject({ stuck: true, why: 'no space', direction: 'forward' });
  const mended = [...stuck, record(3, 'taken'), record(4, 'begin'), record(5, 'done')];
  expect(operationState(steps, mended)).toMatchObject({ stuck: false, why: '', next: { number: 2 } });
});

test('what ran again of the control plane may have written to the new data once an etcd had it', () => {
  const steps = plans.at(-1) ?? [];
  const at = '2026-11-20T12:00:00.000Z';
  const halt = steps.find(({ kind }) => kind === 'halt')?.number ?? 0;
  const before = (kind: string): number[] =>
    steps
      .slice(
        0,
        steps.findIndex((step) => step.kind === kind),
      )
      .map(({ number }) => number);
  const after = (done: readonly number[], ...events: JournalRecord['event'][]): OperationState => {
    const records = done.flatMap((step) => (['begin', 'done'] as const).map((event) => ({ event, step })));
    const again = events.map((event) => ({ event, step: halt }));
    return operationState(
      steps,
      [...records, ...again].map((record, n) => ({ n, at, ...record })),
    );
  };
  for (const kind of ['place', 'start'])
    expect(after(before(kind), 'begin', 'done').mayBeWritten).toBe(false);
  const beside = after(before('agree'), 'begin');
  // It goes on with stopping that one; the phase is none of before.
  expect(beside).toMatchObject({ mayBeWritten: true, phase: 'RestartCluster', next: { number: halt } });
  expect(after(before('agree'), 'begin', 'done')).toMatchObject({
    mayBeWritten: true,
    next: { kind: 'agree' },
  });
  expect(after(before('serve')).mayBeWritten).toBe(false);
  const started = steps.slice(0, before('serve').length + 1).map(({ number }) => number);
  expect(after(started).mayBeWritten).toBe(true);
});

test('once a start that serves has begun, an API server may have written', () => {
  const members = [{ ...member('m1'), run: { driver: 'k3s-rke2' } } as const];
  const steps = planSteps({ ...shape, members });
  const scribe = new Scribe(steps);
  const start = steps.find(({ kind }) => kind === 'start')!.number;
  scribe.write('begin', start - 1);
  expect(operationState(steps, scribe.records).mayBeWritten).toBe(false);
  scribe.write('begin', start);
  expect(operationState(steps, scribe.records).mayBeWritten).toBe(true);
});
