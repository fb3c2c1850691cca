import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Retention } from '../policy/index.ts';
import { decideRetention } from './decide-retention.ts';
import type { RetainedSnapshot, RetentionDecision, RetentionQuestion } from './facts.ts';

interface Golden {
  /** Why the decisions are right. */
  readonly reason: string;
  readonly now: string;
  /** `daily` and cluster `c1` where they are absent. */
  readonly policy?: string | null;
  readonly cluster?: string | null;
  readonly imported?: boolean;
  readonly retention: object;
  /** Only what differs from {@link plain}. */
  readonly snapshots: readonly ({
    readonly name: string;
    readonly finishedAt: string;
  } & Partial<RetainedSnapshot>)[];
  /** In the order of the snapshots, each as `<name>: kept|goes|not its own: <reasons>`. */
  readonly decisions: readonly string[];
}

const plain = {
  clusterId: 'c1',
  policy: 'daily',
  trigger: 'schedule',
  node: { name: 'cp-1', memberId: 'a1' },
  state: 'verified',
  trusted: true,
  degraded: false,
  imported: false,
  pin: null,
  lockedUntil: null,
  legalHold: false,
  storedBytes: 100,
} as const;

function told({ name, concerned, keep, reasons }: RetentionDecision): string {
  return `${name}: ${concerned ? (keep ? 'kept' : 'goes') : 'not its own'}: ${reasons.join('; ')}`;
}

const folder = new URL('golden/', import.meta.url);
const files = readdirSync(folder);

describe('what is kept, and why, is as the golden file says:', () => {
  test.each(files)('%s', (file) => {
    const golden = JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as Golden;
    expect(golden.reason).not.toBe('');
    const { policy = 'daily', cluster: clusterId = 'c1', imported = false } = golden;
    const question = { policy, clusterId, imported, now: new Date(golden.now) };
    const snapshots = golden.snapshots.map((each): RetainedSnapshot => ({ ...plain, ...each }));
    const retention = Retention.parse(golden.retention);
    expect(decideRetention(snapshots, retention, question).map(told)).toEqual(golden.decisions);
    const turned = decideRetention(snapshots.toReversed(), retention, question);
    expect(turned.toReversed().map(told)).toEqual(golden.decisions);
  });

  test('there are enough of them', () => expect(files.length).toBeGreaterThanOrEqual(45));
});

const now = new Date('2026-11-22T12:00:00Z');
const hourMs = 3_600_000;
const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
const count = optional(fc.integer({ min: 1, max: 4 }));
const retentions = fc
  .record({
    scope: fc.constantFrom('node', 'cluster', 'repository'),
    last: count,
    within: optional(fc.constantFrom('1d', '36h', '2w')),
    hourly: count,
    daily: count,
    weekly: count,
    monthly: count,
    yearly: count,
    timeZone: fc.constantFrom('UTC', 'Europe/Berlin', 'Australia/Lord_Howe'),
    maxBytes: optional(fc.integer({ min: 1, max: 1500 })),
    minimum: fc.integer({ min: 1, max: 3 }),
    preUpgrade: optional(fc.constantFrom('1d', '2w')),
  })
  .map((each) => Retention.parse(each));
const questions: fc.Arbitrary<RetentionQuestion> = fc.record({
  policy: fc.constantFrom('daily', null),
  clusterId: fc.constantFrom('c1', null),
  imported: fc.boolean(),
  now: fc.constant(now),
});
const at = (hours: number): string => new Date(now.getTime() - hours * hourMs).toISOString();
const snapshot = (names: fc.Arbitrary<string>): fc.Arbitrary<RetainedSnapshot> =>
  fc.record({
    name: names,
    clusterId: fc.constantFrom('c1', 'c1', 'c1', 'c2'),
    policy: fc.constantFrom('daily', 'daily', 'daily', null, 'daily-pre-upgrade'),
    trigger: fc.constantFrom('schedule', 'schedule', 'manual', 'pre-upgrade', 'pre-restore', 'api', 'import'),
    node: fc.record({
      name: fc.constantFrom('cp-1', 'cp-2', 'cp-3'),
      memberId: fc.constantFrom('a1', 'a2', 'a3', null),
    }),
    finishedAt: fc.oneof(fc.integer({ min: -30, max: 24 * 60 }), fc.integer({ min: 0, max: 60 })).map(at),
    state: fc.constantFrom('verified', 'verified', 'stored', 'damaged'),
    trusted: fc.constantFrom(true, true, true, false),
    degraded: fc.constantFrom(false, false, false, true),
    imported: fc.constantFrom(false, false, false, true),
    pin: fc.constantFrom(
      null,
      null,
      null,
      { until: null, reason: '' },
      { until: at(-1), reason: 'x' },
      { until: at(1), reason: 'y' },
    ),
    lockedUntil: fc.constantFrom(null, null, null, at(-5), at(5)),
    legalHold: fc.constantFrom(false, false, false, true),
    storedBytes: fc.integer({ min: 0, max: 500 }),
  });
const histories = fc.uniqueArray(snapshot(fc.integer({ min: 0, max: 99 }).map((n) => `s${n}`)), {
  selector: ({ name }) => name,
  maxLength: 30,
});
const runs = { numRuns: 500 };

const gone = (decisions: readonly RetentionDecision[]): string[] =>
  decisions.filter(({ keep }) => !keep).map(({ name }) => name);
const newestFirst = (a: RetainedSnapshot, b: RetainedSnapshot): number =>
  b.finishedAt.localeCompare(a.finishedAt) || b.name.localeCompare(a.name);
const isPast = ({ finishedAt }: RetainedSnapshot): boolean => Date.parse(finishedAt) <= now.getTime();
const isOwn = (each: RetainedSnapshot, { policy, imported, clusterId }: RetentionQuestion): boolean =>
  each.policy === policy &&
  (imported || !each.imported) &&
  (clusterId === null || each.clusterId === clusterId) &&
  (policy !== null || ['manual', 'api'].includes(each.trigger) || each.imported);

describe('of any history and any policy', () => {
  test('the newest verified snapshot of each cluster stays', () => {
    fc.assert(
      fc.property(histories, retentions, questions, (history, retention, question) => {
        const removed = gone(decideRetention(history, retention, question));
        for (const cluster of ['c1', 'c2']) {
          const proven = history
            .filter((each) => each.clusterId === cluster && each.state === 'verified' && each.trusted)
            .filter((each) => !each.degraded && each.trigger !== 'pre-restore' && isPast(each))
            .toSorted(newestFirst);
          const best = proven.find(({ imported }) => !imported) ?? proven[0];
          if (best !== undefined) expect(removed).not.toContain(best.name);
        }
      }),
      runs,
    );
  });

  test('the least number of sound ones stays in each cluster', () => {
    fc.assert(
      fc.property(histories, retentions, questions, (history, retention, question) => {
        const removed = new Set(gone(decideRetention(history, retention, question)));
        for (const cluster of ['c1', 'c2']) {
          const sound = history.filter(
            (each) =>
              each.clusterId === cluster &&
              isOwn(each, { ...question, clusterId: null }) &&
              each.trusted &&
              isPast(each) &&
              each.state !== 'damaged' &&
              !each.degraded &&
              !each.trigger.startsWith('pre-'),
          );
          const left = sound.filter(({ name }) => !removed.has(name));
          expect(left.length).toBeGreaterThanOrEqual(Math.min(retention.minimum, sound.length));
        }
      }),
      runs,
    );
  });

  test('deciding again over what is left removes nothing more', () => {
    fc.assert(
      fc.property(histories, retentions, questions, (history, retention, question) => {
        const removed = new Set(gone(decideRetention(history, retention, question)));
        const left = history.filter(({ name }) => !removed.has(name));
        expect(gone(decideRetention(left, retention, question))).toEqual([]);
      }),
      runs,
    );
  });

  test('the order in which they are given does not matter', () => {
    const shuffled = histories.chain((history) =>
      fc.tuple(fc.constant(history), fc.shuffledSubarray(history, { minLength: history.length })),
    );
    fc.assert(
      fc.property(shuffled, retentions, questions, ([history, other], retention, question) => {
        const lines = (given: readonly RetainedSnapshot[]): string[] =>
          decideRetention(given, retention, question).map(told).toSorted();
        expect(lines(other)).toEqual(lines(history));
      }),
      runs,
    );
  });

  test('one more that is damaged, degraded, untrusted or from the future makes no other one go', () => {
    const bad = fc
      .tuple(
        snapshot(fc.constant('bad')),
        fc.constantFrom(
          { state: 'damaged' as const },
          { degraded: true },
          { trusted: false },
          { finishedAt: at(-1) },
        ),
      )
      .map(([each, fault]) => ({ ...each, ...fault }));
    fc.assert(
      fc.property(histories, bad, retentions, questions, (history, one, retention, question) => {
        const before = gone(decideRetention(history, retention, question)).toSorted();
        const after = gone(decideRetention([...history, one], retention, question)).toSorted();
        expect(after.filter((name) => name !== 'bad')).toEqual(before);
      }),
      runs,
    );
  });

  test("nothing goes that is another's, pinned or locked", () => {
    fc.assert(
      fc.property(histories, retentions, questions, (history, retention, question) => {
        const removed = new Set(gone(decideRetention(history, retention, question)));
        for (const each of history.filter(({ name }) => removed.has(name))) {
          expect(isOwn(each, question)).toBe(true);
          expect(each.pin === null || each.pin.until === at(1)).toBe(true);
          expect(each.lockedUntil === null || each.lockedUntil === at(5)).toBe(true);
          expect(each.legalHold).toBe(false);
        }
      }),
      runs,
    );
  });
});
