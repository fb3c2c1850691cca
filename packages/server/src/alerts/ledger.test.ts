import type { FleetAlert } from '@holdfast/model/fleet';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Condition, condition } from './condition.ts';
import { emptyLedger, judged, type Ledger } from './ledger.ts';

const start = Date.parse('2026-11-22T10:00:00.000Z');
const at = (seconds: number): Date => new Date(start + seconds * 1_000);

function so(kind: Condition['kind'], seconds: number): Condition {
  const saying = { severity: 'warning', since: at(seconds).toISOString(), what: 'w', next: 'n' } as const;
  return condition(kind, 'c-11111', ['x'], saying);
}

/** The store, as far as alerts go: what is open, the ledger, and what was told. */
class World {
  ledger: Ledger = emptyLedger;
  open: FleetAlert[] = [];
  readonly told: string[] = [];

  look(seconds: number, conditions: readonly Condition[]): void {
    const { fired, resolved, ledger } = judged(this.ledger, this.open, conditions, at(seconds));
    const ended = new Set(resolved.map(({ key }) => key));
    this.open = [...this.open.filter(({ key }) => !ended.has(key)), ...fired];
    this.ledger = ledger;
    this.told.push(
      ...fired.map(({ kind }) => `${kind} fired`),
      ...resolved.map(({ kind }) => `${kind} resolved`),
    );
  }
}

test('what has lasted long already fires at once, and resolves at once', () => {
  const world = new World();
  for (const seconds of [0, 30, 60]) world.look(seconds, [so('drill-failed', -100)]);
  world.look(90, []);
  expect(world.told).toEqual(['drill-failed fired', 'drill-failed resolved']);
});

test('what comes and goes fires once it has lasted a minute, and resolves once it was gone for five', () => {
  const world = new World();
  world.look(0, [so('node-gone', 0)]);
  world.look(30, []);
  for (const seconds of [60, 90, 120]) world.look(seconds, [so('node-gone', 60)]);
  expect(world.told).toEqual(['node-gone fired']);
  // It comes back for some minutes, again and again.
  for (let seconds = 150; seconds < 3_000; seconds += 30)
    world.look(seconds, seconds % 600 < 300 ? [so('node-gone', seconds)] : []);
  expect(world.told).toEqual(['node-gone fired']);
  for (let seconds = 3_000; seconds < 3_600; seconds += 30) world.look(seconds, []);
  expect(world.told).toEqual(['node-gone fired', 'node-gone resolved']);
});

test('facts that are older than those that were judged change nothing', () => {
  const world = new World();
  world.look(60, [so('drill-failed', 0)]);
  world.look(30, []);
  expect(world.told).toEqual(['drill-failed fired']);
});

test('a clock that was set back for long stops nothing', () => {
  const world = new World();
  world.look(100_000, [so('drill-failed', 0)]);
  world.look(0, []);
  expect(world.told).toEqual(['drill-failed fired', 'drill-failed resolved']);
});

const kinds = ['drill-failed', 'node-gone', 'clock-skew', 'no-verified-snapshot'] as const;
const histories = fc.array(
  fc.record({
    /** Until the next look. */
    seconds: fc.integer({ min: 1, max: 400 }),
    so: fc.subarray([...kinds]),
    /** Facts that another replica has read so long ago. */
    late: fc.option(fc.integer({ min: 1, max: 290 }), { freq: 6 }),
  }),
  { maxLength: 60 },
);

test('whatever happens: each is told in turn that it fired and that it resolved, and in the end what is so', () => {
  fc.assert(
    fc.property(histories, (history) => {
      const world = new World();
      let seconds = 0;
      const before: (readonly [number, readonly Condition[]])[] = [];
      for (const each of history) {
        seconds += each.seconds;
        const found = each.so.map((kind) => so(kind, seconds));
        before.push([seconds, found]);
        world.look(seconds, found);
        const stale = before.findLast(
          ([time]) => each.late !== null && time < seconds && time >= seconds - each.late,
        );
        if (stale !== undefined) world.look(...stale);
      }
      const last = history.at(-1)?.so ?? [];
      for (let more = 0; more < 20; more += 1) {
        seconds += 30;
        world.look(
          seconds,
          last.map((kind) => so(kind, seconds)),
        );
      }
      expect(world.open.map(({ kind }) => kind).toSorted()).toEqual([...last].toSorted());
      for (const kind of kinds) {
        const its = world.told.filter((line) => line.startsWith(`${kind} `));
        for (const [n, line] of its.entries())
          expect(line).toBe(`${kind} ${n % 2 === 0 ? 'fired' : 'resolved'}`);
        expect(its.length % 2 === 1).toBe(last.includes(kind));
      }
      expect(Object.keys({ ...world.ledger.seen, ...world.ledger.gone })).toEqual([]);
    }),
    { numRuns: 3_000 },
  );
});
