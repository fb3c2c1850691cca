import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Schedule } from '../policy/index.ts';
import { dueRun, type DueQuestion } from './due-run.ts';
import { jitterMs } from './jitter.ts';
import { longestGap } from './longest-gap.ts';
import { scheduleTimes } from './schedule-times.ts';

const minute = 60_000;
const hour = 60 * minute;

/** Something that happens `at` so many milliseconds after the begin. */
type Happening =
  | { readonly at: number; readonly what: 'off'; readonly forMs: number }
  | { readonly at: number; readonly what: 'set'; readonly byMs: number };

interface Begun {
  /** By a clock that nobody sets, in milliseconds after the begin. */
  readonly real: number;
  readonly scheduledAt: string;
  readonly missed: number;
}

interface Machine {
  readonly start: number;
  readonly forMs: number;
  /** How long it sleeps at most before it asks again. */
  readonly tickMs: number;
  readonly happenings: readonly Happening[];
}

/** A machine with a clock, a memory and nothing else: what begins on it, every run taking no time. */
function simulate(policy: Pick<DueQuestion, 'schedule' | 'jitterMs' | 'catchUp'>, machine: Machine): Begun[] {
  const { start, forMs, tickMs, happenings } = machine;
  const begun: Begun[] = [];
  let memory = { lastScheduled: null as string | null, lastBegunAt: null as string | null };
  const at = { real: 0, wall: start };
  const waiting = happenings.toSorted((one, other) => one.at - other.at);
  const pass = (ms: number): void => {
    at.real += ms;
    at.wall += ms;
  };
  // What was missed while it was off at the end is asked for too.
  for (;;) {
    const next = waiting[0];
    if (next !== undefined && next.at <= at.real) {
      waiting.shift();
      if (next.what === 'off') pass(next.forMs);
      else at.wall += next.byMs;
      continue;
    }
    const now = new Date(at.wall);
    const knownSince = new Date(start).toISOString();
    const answer = dueRun({ ...policy, ...memory, knownSince, pause: null, running: false, now });
    if (answer.due) {
      memory = { lastScheduled: answer.scheduledAt, lastBegunAt: now.toISOString() };
      if (begun.length > 5000) throw new Error(`it begins without end at ${now.toISOString()}`);
      begun.push({ real: at.real, scheduledAt: answer.scheduledAt, missed: answer.missed?.count ?? 0 });
      continue;
    }
    if (at.real > forMs) return begun;
    const until = answer.until === null ? Infinity : Date.parse(answer.until) - at.wall;
    pass(Math.max(1, Math.min(tickMs, until, (next?.at ?? Infinity) - at.real)));
  }
}

const crons = ['0 * * * *', '*/15 * * * *', '0 */5 * * *', '30 2 * * *', '15,45 1-3 * * *', '0 9,17 * * *'];
const zones = ['UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Kolkata', 'Australia/Lord_Howe'];
const schedules: fc.Arbitrary<Schedule> = fc.oneof(
  fc.record({ cron: fc.constantFrom(...crons), timeZone: fc.constantFrom(...zones) }),
  fc.record({ intervalHours: fc.constantFrom(0.25, 1, 6, 7.5) }),
);
/** Two days around a change of the clocks in each of the zones, and an ordinary one. */
const starts = fc
  .constantFrom(
    '2026-03-07',
    '2026-03-28',
    '2026-04-04',
    '2026-10-03',
    '2026-10-24',
    '2026-10-31',
    '2026-06-10',
  )
  .chain((day) => fc.nat(hour).map((ms) => Date.parse(`${day}T00:00:00Z`) + ms));
const offs = fc.record({
  at: fc.nat(36 * hour),
  what: fc.constant('off' as const),
  forMs: fc.oneof(fc.nat(2 * minute), fc.nat(9 * hour)),
});
const sets = fc.record({
  at: fc.nat(36 * hour),
  what: fc.constant('set' as const),
  byMs: fc.oneof(fc.constantFrom(-3 * hour, 3 * hour, -1000), fc.integer({ min: -4 * hour, max: 4 * hour })),
});
const machines = (happenings: fc.Arbitrary<Happening>, most: number): fc.Arbitrary<Machine> =>
  fc.record({
    start: starts,
    forMs: fc.constant(40 * hour),
    tickMs: fc.constantFrom(5 * minute, 20 * minute),
    happenings: fc.array(happenings, { maxLength: most }),
  });
const jitters = fc.constantFrom(0, 0, 17_000, 600_000);

/** Scheduled times only rise: none is used twice. */
function expectNoneTwice(begun: readonly Begun[]): void {
  const times = begun.map(({ scheduledAt }) => scheduledAt);
  expect(times).toEqual([...new Set(times)].sort());
}

describe('on any machine', () => {
  test('no time is lost and none is used twice, however often it is off', () => {
    fc.assert(
      fc.property(schedules, jitters, machines(offs, 12), (schedule, jitter, machine) => {
        const begun = simulate({ schedule, jitterMs: jitter, catchUp: true }, machine);
        expectNoneTwice(begun);
        const times = scheduleTimes(schedule, machine.start);
        let at: number | null = 'cron' in schedule ? times.next(machine.start) : machine.start;
        for (const { scheduledAt, missed } of begun) {
          for (let left = missed; left > 0; left -= 1) at = times.next(at!);
          expect(new Date(at!).toISOString()).toBe(scheduledAt);
          at = times.next(at!);
        }
        // All that was due while it was on has begun.
        const end = machine.start + begun.at(-1)!.real;
        const last = Date.parse(begun.at(-1)!.scheduledAt);
        expect(times.next(last)!).toBeGreaterThan(end - jitter);
      }),
      { numRuns: 30 },
    );
  });

  test('no time is used twice, however the clock is set', () => {
    fc.assert(
      fc.property(
        schedules,
        jitters,
        fc.boolean(),
        machines(fc.oneof(offs, sets), 8),
        (schedule, jitter, catchUp, machine) => {
          expectNoneTwice(simulate({ schedule, jitterMs: jitter, catchUp }, machine));
        },
      ),
      { numRuns: 30 },
    );
  });

  test('a clock that is set makes no silence of more than twice the longest gap', () => {
    fc.assert(
      fc.property(schedules, jitters, machines(sets, 1), (schedule, jitter, machine) => {
        const begun = simulate({ schedule, jitterMs: jitter, catchUp: true }, machine);
        const gap = longestGap(schedule, new Date(machine.start));
        const [set] = machine.happenings as (Happening & { what: 'set' })[];
        const behind = set === undefined ? 0 : Math.max(0, -set.byMs);
        const allowed = gap + Math.min(behind, gap + 5 * minute) + machine.tickMs;
        const silences = begun.map(({ real }, i) => real - (begun[i - 1]?.real ?? real));
        expect(Math.max(...silences)).toBeLessThanOrEqual(allowed);
      }),
      { numRuns: 30 },
    );
  });

  test.each([-3, 3])('a clock that is set by %i h makes no hour of an hourly schedule silent', (hours) => {
    fc.assert(
      fc.property(starts, fc.integer({ min: 0, max: 10 * 60 }), jitters, (start, at, jitter) => {
        const happenings: Happening[] = [{ at: at * minute, what: 'set', byMs: hours * hour }];
        const machine = { start, forMs: 18 * hour, tickMs: 5 * minute, happenings };
        const schedule = { cron: '0 * * * *', timeZone: 'UTC' };
        const begun = simulate({ schedule, jitterMs: jitter, catchUp: true }, machine);
        expectNoneTwice(begun);
        const silences = begun.map(({ real }, i) => real - (begun[i - 1]?.real ?? 0));
        expect(Math.max(...silences)).toBeLessThanOrEqual(hour + jitter + 5 * minute);
        expect(begun.length).toBeLessThanOrEqual(25 + 1);
      }),
      { numRuns: 15 },
    );
  });
});

describe('a restart', () => {
  const seconds = Array.from({ length: 60 }, (_, second) => second);
  const start = Date.parse('2026-11-20T09:59:30Z');
  const due = ['2026-11-20T10:00:00.000Z', '2026-11-20T10:01:00.000Z', '2026-11-20T10:02:00.000Z'];

  test.each([0, 5000])(
    'at any second of a minute loses no run and doubles none, with a jitter of %i ms',
    (ms) => {
      const schedule = { cron: '* * * * *', timeZone: 'UTC' };
      const policy = { schedule, jitterMs: ms, catchUp: true };
      for (const second of seconds) {
        for (const forMs of [1, 700, 1000, 20_000]) {
          const happenings: Happening[] = [{ at: 30_000 + second * 1000, what: 'off', forMs }];
          const machine = { start, forMs: 3 * minute - 20_000, tickMs: 1000, happenings };
          const begun = simulate(policy, machine).map(({ scheduledAt }) => scheduledAt);
          expect([second, forMs, begun]).toEqual([second, forMs, due]);
        }
      }
    },
  );

  test('at any second loses no run without catching up either, if it takes less than the grace', () => {
    const schedule = { cron: '* * * * *', timeZone: 'UTC' };
    for (const second of seconds) {
      const happenings: Happening[] = [{ at: 30_000 + second * 1000, what: 'off', forMs: 20_000 }];
      const machine = { start, forMs: 3 * minute - 20_000, tickMs: 1000, happenings };
      const begun = simulate({ schedule, jitterMs: 0, catchUp: false }, machine);
      expect([second, begun.map(({ scheduledAt }) => scheduledAt)]).toEqual([second, due]);
    }
  });
});

test('the jitter of a policy is always the same on a node, differs between nodes, and has no more than it may', () => {
  expect(jitterMs('main', 'node-1', 300)).toBe(jitterMs('main', 'node-1', 300));
  expect(jitterMs('main', 'node-1', 0)).toBe(0);
  const nodes = Array.from({ length: 100 }, (_, i) => jitterMs('main', `node-${i}`, 300));
  expect(new Set(nodes).size).toBeGreaterThan(70);
  expect(nodes.every((ms) => ms >= 0 && ms <= 300_000 && ms % 1000 === 0)).toBe(true);
  expect(Math.min(...nodes)).toBeLessThan(30_000);
  expect(Math.max(...nodes)).toBeGreaterThan(270_000);
});
