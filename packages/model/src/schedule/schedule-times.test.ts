import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { spanOf, type Schedule } from '../policy/index.ts';
import { longestGap } from './longest-gap.ts';
import { nextTimes, scheduleFault } from './schedule-times.ts';

interface Golden {
  /** Why the times are right. */
  readonly reason: string;
  readonly schedule: Schedule;
  readonly after: string;
  readonly times: readonly string[];
  /** Of the year of `after` and those that follow. */
  readonly longestGap?: string;
}

const folder = new URL('golden/times/', import.meta.url);

describe('the times of a schedule are those of the golden file:', () => {
  test.each(readdirSync(folder))('%s', (file) => {
    const golden = JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as Golden;
    const { schedule, times } = golden;
    const after = new Date(golden.after);
    expect(golden.reason).not.toBe('');
    expect(scheduleFault(schedule)).toBeUndefined();
    expect(nextTimes(schedule, after, times.length)).toEqual(times.map((time) => new Date(time)));
    if (golden.longestGap !== undefined) {
      expect(spanOf(longestGap(schedule, after))).toBe(golden.longestGap);
    }
  });
});

test('an interval goes on from the time that is asked about', () => {
  expect(nextTimes({ intervalHours: 0.5 }, new Date('2026-11-20T10:00:00Z'), 2)).toEqual([
    new Date('2026-11-20T10:30:00Z'),
    new Date('2026-11-20T11:00:00Z'),
  ]);
  expect(longestGap({ intervalHours: 12 }, new Date())).toBe(12 * 3_600_000);
});

const faults: readonly (readonly [Schedule, string])[] = [
  [{ cron: '0 0 31 2 *', timeZone: 'UTC' }, 'the cron line "0 0 31 2 *" names a day that no year has'],
  [
    { cron: '0 0 * *', timeZone: 'UTC' },
    'the cron line "0 0 * *" has 4 fields where a cron line has five: minute, hour, day, month, weekday',
  ],
  [
    { cron: '0 0 0 * * *', timeZone: 'UTC' },
    'the cron line "0 0 0 * * *" has 6 fields where a cron line has five: minute, hour, day, month, weekday',
  ],
  [{ cron: '', timeZone: 'UTC' }, 'the cron line "" is empty'],
  [
    { cron: '0 25 * * *', timeZone: 'UTC' },
    'the cron line "0 25 * * *" cannot be read: Invalid value for hour: 25',
  ],
  [
    { cron: '? 0 * * *', timeZone: 'UTC' },
    'the cron line "? 0 * * *" has a "?", which means another time whenever it is read',
  ],
  [
    { cron: '0 0 * * *', timeZone: 'Europe/Berln' },
    '"Europe/Berln" is no time zone of the IANA database, such as Europe/Berlin or UTC',
  ],
  [
    { cron: '0 0 * * *', timeZone: '+02:00' },
    '"+02:00" is no time zone of the IANA database, such as Europe/Berlin or UTC',
  ],
  [{ intervalHours: 0.001 }, 'an interval of 0.001 hours is shorter than 30 seconds'],
  [{ intervalHours: 1e6 }, 'an interval of 1000000 hours is longer than ten years'],
];

test.each(faults)('a schedule that cannot be kept is told as such: %j', (schedule, fault) => {
  expect(scheduleFault(schedule)).toBe(fault);
});

test('@reboot is no time', () => {
  expect(scheduleFault({ cron: '@reboot', timeZone: 'UTC' })).toMatch(/"@reboot" cannot be read/);
});
