import type { Policy } from '@holdfast/model';
import { expect, test } from 'vitest';
import { withNewest } from '../memory.ts';
import type { DaemonState } from '../state.ts';
import { alertsOf } from './alerts-of.ts';
import { hour, newestAt, ranAt, testPolicy, testState } from './test-world.ts';

/** What fires, by key, with the severity and the hour since when. */
function firing(state: DaemonState, at: number, policies: readonly Policy[] = [testPolicy()]): string[] {
  return alertsOf(state, policies, hour(at)).map(
    ({ key, severity, since }) => `${key} ${severity} ${(since.getTime() - hour(0).getTime()) / 3_600_000}`,
  );
}

const s3 = 's3://bucket/etcd';
const well = { newest: { nas: newestAt(0), [s3]: newestAt(0) } };
const damaged = { code: 'snapshot-damaged', why: 'page 7 has another checksum' };
const down = { code: 's3-unreachable', why: 'connect ECONNREFUSED' };

test('all is well: nothing fires', () => {
  expect(
    firing(testState({ ...well, jobs: { ...testState().policies['prod']!.jobs, save: ranAt(0) } }), 5),
  ).toEqual([]);
});

test('what was promised counts from when the policy was known, and is twice the longest gap', () => {
  expect(firing(testState(), 9.99)).toEqual([]);
  expect(firing(testState(), 10)).toEqual(['not-verified/prod/nas critical 10']);
  const own = [testPolicy({ rpo: '90m' })];
  expect(firing(testState(), 1.49, own)).toEqual([]);
  expect(firing(testState(), 2, own)).toEqual(['not-verified/prod/nas critical 1.5']);
  expect(firing(testState(), 1000, [testPolicy({ schedule: null })])).toEqual([]);
});

test('stored is not verified, and a copy that is not required promises nothing', () => {
  const nas = newestAt(9, { verified: hour(1).toISOString() });
  expect(firing(testState({ newest: { nas } }), 11)).toEqual(['not-verified/prod/nas critical 11']);
  const bare = newestAt(9, { stored: null, verified: null });
  expect(firing(testState({ newest: { nas: newestAt(9), [s3]: bare } }), 12)).toEqual([]);
});

test('a required copy that is missing is told of after an hour', () => {
  const both = [testPolicy({ targets: [{ repository: 'nas' }, { repository: s3 }] })];
  const late = newestAt(9, { stored: hour(4).toISOString(), verified: hour(4).toISOString() });
  const state = testState({ newest: { nas: newestAt(9), [s3]: late } });
  expect(firing(state, 9.9, both)).toEqual([]);
  expect(firing(state, 10, both)).toEqual([`copy-missing/prod/${s3} warning 10`]);
});

test('of a folder that copies only pass through nothing is promised, of the others all is', () => {
  const both = [testPolicy({ targets: [{ repository: 'nas' }, { repository: s3 }] })];
  const passing = newestAt(0, { saved: hour(9).toISOString(), passing: true });
  expect(firing(testState({ newest: { nas: passing, [s3]: newestAt(9) } }), 15, both)).toEqual([]);
  expect(firing(testState({ newest: { nas: passing, [s3]: newestAt(0) } }), 15, both)).toEqual([
    `not-verified/prod/${s3} critical 10`,
  ]);
});

test('of a repository that a policy was given later, what was promised counts from then', () => {
  const both = [testPolicy({ targets: [{ repository: 'nas' }, { repository: s3 }] })];
  const later = withNewest(testState(), 'prod', {
    nas: newestAt(95),
    [s3]: { knownSince: hour(97).toISOString() },
  });
  expect(firing(later, 104, both)).toEqual([]);
  expect(firing(later, 107, both)).toContain(`not-verified/prod/${s3} critical 107`);
  // What was saved before was not to be there.
  const saved = (at: number): DaemonState => withNewest(later, 'prod', { nas: newestAt(at) });
  expect(firing(saved(96), 99, both)).toEqual([]);
  expect(firing(saved(98), 100, both)).toEqual([`copy-missing/prod/${s3} warning 99`]);
});

test('a queue whose oldest copy has waited too long', () => {
  const state = testState(well, { queue: { length: 3, oldestAt: hour(0).toISOString() } });
  expect(firing(state, 5.9)).toEqual([]);
  expect(firing(state, 6)).toEqual(['queue-old warning 6']);
});

test('each job that failed has its own alert, and a check tells damage from trouble', () => {
  const { jobs } = testState().policies['prod']!;
  const failing = (check: typeof damaged): DaemonState =>
    testState({
      ...well,
      jobs: {
        ...jobs,
        save: ranAt(1, down),
        prune: ranAt(2, down),
        check: ranAt(3, check),
        drill: ranAt(4, damaged),
      },
    });
  const looked = [testPolicy({ check: { intervalHours: 24 }, drill: { intervalHours: 24 } })];
  expect(firing(failing(damaged), 5, looked)).toEqual([
    'save-failed/prod warning 1',
    'prune-failed/prod warning 2',
    'damage-found/prod critical 3',
    'drill-failed/prod critical 4',
  ]);
  expect(firing(failing(down), 5, looked)).toContain('check-failed/prod warning 3');
  // What is not run any more would never end.
  expect(firing(failing(damaged), 5)).toEqual(['save-failed/prod warning 1', 'prune-failed/prod warning 2']);
});

test('checks and drills that do not come are overdue, but not while the policy is paused', () => {
  const daily = { check: { cron: '0 3 * * *' }, drill: { intervalHours: 10 } };
  const pause = { since: hour(19).toISOString(), until: null, reason: 'moving' };
  const state = testState({ newest: { nas: newestAt(40) } });
  expect(firing(state, 47.9, [testPolicy(daily)])).toEqual(['drill-overdue/prod warning 20']);
  expect(firing(state, 48, [testPolicy(daily)])).toEqual([
    'check-overdue/prod warning 48',
    'drill-overdue/prod warning 20',
  ]);
  expect(firing(state, 42, [testPolicy({ ...daily, pause })])).toEqual([]);
  const ended = { ...pause, until: hour(20).toISOString() };
  expect(firing(state, 42, [testPolicy({ ...daily, pause: ended })])).toEqual([
    'drill-overdue/prod warning 20',
  ]);
  const [unverified] = alertsOf(testState(), [testPolicy({ pause: ended })], hour(50));
  expect(unverified?.cause).toBe('none was ever verified there');
});

/** A policy that is paused from the first hour on. */
const pausedUntil = (until: number | null): Policy[] => [
  testPolicy({
    schedule: null,
    pause: {
      since: hour(0).toISOString(),
      until: until === null ? null : hour(until).toISOString(),
      reason: 'moving',
    },
  }),
];

test('a long pause and the end of one are told; one that has ended is none', () => {
  expect(firing(testState(), 23.9, pausedUntil(null))).toEqual([]);
  expect(firing(testState(), 24, pausedUntil(null))).toEqual(['paused-long/prod warning 24']);
  expect(firing(testState(), 9, pausedUntil(10))).toEqual(['pause-ends/prod info 9']);
  expect(firing(testState(), 10, pausedUntil(10))).toEqual([]);
});

test('the daemon itself: a refused file, a state that cannot be written, a clock that was set back', () => {
  const state = testState(
    { newest: { nas: newestAt(2) } },
    {
      configuration: { readAt: hour(0).toISOString(), refused: 'line 3: no such field' },
      unwritable: 'no space left on device',
    },
  );
  expect(firing(state, 1.95)).toEqual([
    'configuration-refused warning 1.95',
    'state-unwritable warning 1.95',
  ]);
  expect(firing(state, 1)).toEqual([
    'configuration-refused warning 1',
    'state-unwritable warning 1',
    'clock-set-back warning 1',
  ]);
});

test('a policy that is gone, and one of which nothing is known yet, have none', () => {
  expect(firing(testState(), 100, [])).toEqual([]);
  expect(firing(testState({}, {}, 'other'), 100)).toEqual([]);
});

test('what alerts say', () => {
  const { jobs } = testState().policies['prod']!;
  const pause = { since: hour(19).toISOString(), until: hour(50.5).toISOString(), reason: 'moving' };
  const state = testState(
    {
      newest: { nas: newestAt(45, { stored: hour(4).toISOString(), verified: hour(4).toISOString() }) },
      jobs: {
        ...jobs,
        save: ranAt(40, { code: 'snapshot-busy', why: 'it is being saved' }),
        check: ranAt(41, damaged),
        drill: ranAt(42, { code: 'of-tomorrow', why: 'who knows' }),
      },
    },
    {
      queue: { length: 2, oldestAt: hour(1).toISOString() },
      configuration: { readAt: hour(0).toISOString(), refused: 'line 3: no such field' },
      unwritable: 'no space left on device',
    },
  );
  const text = alertsOf(
    state,
    [testPolicy({ pause, check: { cron: '0 3 * * *' }, drill: { cron: '0 4 1 * *' } })],
    hour(50),
  )
    .map(({ key, sentence, cause, remedy }) => `${key}\n  ${sentence}\n  ${cause}\n  ${remedy}`)
    .join('\n');
  expect(text).toMatchInlineSnapshot(`
    "not-verified/prod/nas
      Policy prod has no verified snapshot in nas that is younger than 10h00m.
      the newest is of 2026-03-01T04:00:00.000Z; it is paused: moving
      \`holdfast policy run prod\` saves at once, or says what keeps it back.
    copy-missing/prod/nas
      The newest snapshot of policy prod is missing in nas.
      the newest of all is of 2026-03-02T21:00:00.000Z, the newest there of 2026-03-01T04:00:00.000Z
      See why it waits with \`holdfast queue list\`; \`holdfast queue run --wait\` tries at once.
    save-failed/prod
      The last save of policy prod failed.
      it is being saved (snapshot-busy)
      Wait for it to end. If it was killed on another machine, the name is free again after 24 hours.
    damage-found/prod
      The last check found damage in what is stored for policy prod.
      page 7 has another checksum (snapshot-damaged)
      Do not restore from it. Choose another with \`holdfast snapshot list\`, and check the disk that holds this one.
    drill-failed/prod
      The last drill of policy prod failed.
      who knows (of-tomorrow)
      Look into the log of the daemon.
    paused-long/prod
      Policy prod has been paused for more than a day; nothing is saved for it.
      paused since 2026-03-01T19:00:00.000Z: moving
      End it with \`holdfast policy resume prod\` as soon as its reason is gone.
    pause-ends/prod
      The pause of policy prod ends at 2026-03-03T02:30:00.000Z; then it saves again.
      paused since 2026-03-01T19:00:00.000Z: moving
      If it is too early: \`holdfast policy pause prod\` with a later --until.
    queue-old
      A copy has waited in the queue for more than 6 hours.
      2 waiting, the oldest since 2026-03-01T01:00:00.000Z
      See what each waits for with \`holdfast queue list\`, and mend that; they are tried again by themselves.
    configuration-refused
      The policy file was changed and is refused; the policies from before are still carried out.
      line 3: no such field
      Correct the named place, then reload: \`systemctl reload holdfast-agent\`.
    state-unwritable
      What the daemon remembers cannot be written; it would be lost with its process.
      no space left on device
      Free some space in its state folder, and check that it may be written to."
  `);
});
