import { expect, test } from 'vitest';
import { policyFaults } from './policy-fault.ts';
import { Policy, type WrittenPolicy } from './policy.ts';
import { defaultContent, presets } from './presets.ts';

const now = new Date('2026-11-20T09:14:07Z');
const sound = { name: 'main', targets: [{ repository: '/backup' }], ...defaultContent };

function faultsOf(change: Partial<WrittenPolicy>): string[] {
  const policy = Policy.parse({ ...sound, ...change });
  return policyFaults(policy, now).map(({ path, problem }) => `${path.join('.')}: ${problem}`);
}

test('the default and the presets are sound in any time zone', () => {
  expect(faultsOf({})).toEqual([]);
  for (const preset of Object.values(presets)) {
    for (const timeZone of ['UTC', 'Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe']) {
      expect(faultsOf({ ...preset, schedule: { ...preset.schedule, timeZone } })).toEqual([]);
    }
  }
});

test('a time that never comes and a zone that is not there are named by their field', () => {
  expect(
    faultsOf({ schedule: { cron: '0 0 30 2 *' }, check: { cron: 'x' }, drill: { intervalHours: 0.001 } }),
  ).toEqual([
    'schedule: the cron line "0 0 30 2 *" names a day that no year has',
    'check: the cron line "x" has 1 field where a cron line has five: minute, hour, day, month, weekday',
    'drill: an interval of 0.001 hours is shorter than 30 seconds',
  ]);
  expect(faultsOf({ retention: { timeZone: 'Mars' } })).toEqual([
    'retention.timeZone: "Mars" is no time zone of the IANA database, such as Europe/Berlin or UTC',
  ]);
});

test('lengths of nothing are told, also those of one repository', () => {
  const targets = [{ repository: '/backup', retention: { within: '0d' } }];
  expect(faultsOf({ retention: { within: '0h0m' }, targets })).toEqual([
    'retention.within: 0h0m keeps nothing; leave it out instead',
    'targets.0.retention.within: 0d keeps nothing; leave it out instead',
  ]);
  expect(faultsOf({ rpo: '0s' })).toEqual(['rpo: an rpo of 0s cannot be kept']);
});

test('a repository that is named twice, and a policy that requires none', () => {
  const [repository, required] = ['/backup', false];
  expect(faultsOf({ targets: [{ repository }, { repository, required }] })).toEqual([
    'targets.1.repository: /backup is named twice',
  ]);
  expect(faultsOf({ targets: [{ repository, required }] })).toEqual([
    'targets: none of the repositories is required, so a save would never fail',
  ]);
});

test('a promise that the schedule cannot keep is told with the gap: that of the night when the clocks go back', () => {
  const schedule = { cron: '0 */5 * * *', timeZone: 'Europe/Berlin' };
  expect(faultsOf({ schedule, rpo: '6h10m' })).toEqual([]);
  expect(faultsOf({ schedule, rpo: '6h' })).toEqual([
    "rpo: an rpo of 6h is the schedule's longest gap, and leaves no time for a save",
  ]);
  expect(faultsOf({ schedule, rpo: '5h59m' })).toEqual([
    "rpo: an rpo of 5h59m is shorter than the schedule's longest gap, 6h",
  ]);
  expect(faultsOf({ schedule: null, rpo: '1d' })).toEqual([
    'rpo: an rpo of 1d cannot be kept without a schedule',
  ]);
});

test('a pause that ends before it begins', () => {
  const pause = { since: '2026-11-20T09:00:00Z', until: '2026-11-20T08:00:00Z', reason: 'x' };
  expect(faultsOf({ pause })).toEqual([
    'pause.until: the pause ends at 2026-11-20T08:00:00Z, before it begins at 2026-11-20T09:00:00Z',
  ]);
});
