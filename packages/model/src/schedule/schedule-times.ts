import type { Schedule } from '../policy/schedule.ts';
import { cronFault, cronTimes, timeZoneFault, type Times } from './cron.ts';

/** What is wrong with a schedule beyond its schema, as a sentence without full stop; undefined: nothing. */
export function scheduleFault(schedule: Schedule): string | undefined {
  if ('intervalHours' in schedule) {
    const ms = intervalMs(schedule);
    if (ms < shortestMs) return `an interval of ${schedule.intervalHours} hours is shorter than 30 seconds`;
    return ms > longestMs
      ? `an interval of ${schedule.intervalHours} hours is longer than ten years`
      : undefined;
  }
  const [cron, zone] = [cronFault(schedule.cron), timeZoneFault(schedule.timeZone)];
  if (cron !== undefined) return `the cron line "${schedule.cron}" ${cron}`;
  return zone === undefined ? undefined : `"${schedule.timeZone}" ${zone}`;
}

/** Rancher 1.6 advises against periods that are shorter. */
const shortestMs = 30_000;
const longestMs = 10 * 365 * 24 * 3_600_000;

/**
 * The times of a schedule in which `scheduleFault` finds nothing wrong.
 *
 * @param anchorMs any time of an interval: its times lie whole intervals before and after it; a cron line has its own
 */
export function scheduleTimes(schedule: Schedule, anchorMs: number): Times {
  if ('cron' in schedule) return cronTimes(schedule.cron, schedule.timeZone);
  const step = intervalMs(schedule);
  const latest = (ms: number): number => anchorMs + Math.floor((ms - anchorMs) / step) * step;
  return { latest, next: (ms) => latest(ms) + step };
}

/** The next `count` times after one; of an interval those that follow when its last run was then. */
export function nextTimes(schedule: Schedule, after: Date, count: number): Date[] {
  const times = scheduleTimes(schedule, after.getTime());
  const found: Date[] = [];
  let at: number | null = after.getTime();
  while (found.length < count) {
    at = times.next(at);
    if (at === null) break;
    found.push(new Date(at));
  }
  return found;
}

/** Whole milliseconds, so that times that are added up stay on them. */
export function intervalMs(schedule: Extract<Schedule, { intervalHours: number }>): number {
  return Math.round(schedule.intervalHours * 3_600_000);
}
