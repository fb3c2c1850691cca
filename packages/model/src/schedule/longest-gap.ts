import type { Schedule } from '../policy/schedule.ts';
import type { Times } from './cron.ts';
import { intervalMs, scheduleTimes } from './schedule-times.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const yearMs = 366 * dayMs;

const remembered = new Map<string, number>();
/** To reckon one takes milliseconds, and a server asks for those of all policies every half a minute. */
const mostLines = 10_000;
const rememberedChanges = new Map<string, readonly number[]>();
const mostZones = 1_000;

/**
 * The longest time between two runs of a schedule in milliseconds, from the year of `now` on: nights, weekends, months
 * without a 31st and the change of the clocks are in it. Of days that come less often than each month so many years are
 * looked at that twelve of the gaps fit in, at most forty.
 */
export function longestGap(schedule: Schedule, now: Date): number {
  if ('intervalHours' in schedule) return intervalMs(schedule);
  const year = now.getUTCFullYear();
  const key = `${year} ${schedule.timeZone} ${schedule.cron}`;
  const known = remembered.get(key);
  if (known !== undefined) return known;
  const start = Date.UTC(year, 0, 1);
  const times = scheduleTimes(schedule, 0);
  const days = isDaily(schedule.cron) ? 0 : longestBetweenDays(times, start);
  const gap = days > dayMs ? days : longestInDays(times, start, schedule.timeZone);
  if (remembered.size >= mostLines) remembered.clear();
  remembered.set(key, gap);
  return gap;
}

/** Whether a line holds on every day, as its last three fields say. */
function isDaily(line: string): boolean {
  return /^\S+\s+\S+\s+\*\s+\*\s+\*$/.test(line.trim());
}

/** The longest gap of more than a day; 0: there is none. */
function longestBetweenDays(times: Times, start: number): number {
  let longest = dayMs;
  let at = times.next(start);
  while (at !== null && at < start + Math.min(Math.max(4 * yearMs, 12 * longest), 40 * yearMs)) {
    const step = stepOf(times, at, longest);
    longest = step.gap;
    at = step.at;
  }
  return longest === dayMs ? 0 : longest;
}

/** Where there is a run at least every day all days are alike, but for those on which the clocks change. */
function longestInDays(times: Times, start: number, timeZone: string): number {
  let longest = longestIn(times, start, start + dayMs, 0);
  for (const change of clockChanges(start, timeZone)) {
    longest = longestIn(times, change - 2 * hourMs, change + 2 * hourMs, longest);
  }
  return longest;
}

/** The longest of the gaps that reach into a stretch, or what it was before. */
function longestIn(times: Times, from: number, to: number, before: number): number {
  let longest = before;
  let at = times.latest(from);
  while (at !== null && at <= to) {
    const step = stepOf(times, at, longest);
    longest = step.gap;
    at = step.at;
  }
  return longest;
}

/** Goes to the last run within the longest gap so far, since all before it follow closer; without one, over a longer gap. */
function stepOf(times: Times, at: number, longest: number): { at: number | null; gap: number } {
  const within = times.latest(at + longest);
  if (within !== null && within > at) return { at: within, gap: longest };
  const next = times.next(at);
  return { at: next, gap: next === null ? longest : next - at };
}

/** When the offset of a zone changes within a year, to the minute. */
function clockChanges(start: number, timeZone: string): readonly number[] {
  const key = `${start} ${timeZone}`;
  const known = rememberedChanges.get(key);
  if (known !== undefined) return known;
  const changes = lookForChanges(start, timeZone);
  if (rememberedChanges.size >= mostZones) rememberedChanges.clear();
  rememberedChanges.set(key, changes);
  return changes;
}

function lookForChanges(start: number, timeZone: string): number[] {
  const format = new Intl.DateTimeFormat('en', { timeZone, timeZoneName: 'longOffset' });
  const offsetAt = (ms: number): string => format.format(ms).split(' ').at(-1)!;
  const changes: number[] = [];
  for (let day = start; day < start + yearMs; day += dayMs) {
    if (offsetAt(day) === offsetAt(day + dayMs)) continue;
    let [before, after] = [day, day + dayMs];
    while (after - before > 60_000) {
      const middle = (before + after) / 2;
      if (offsetAt(middle) === offsetAt(before)) before = middle;
      else after = middle;
    }
    changes.push(after);
  }
  return changes;
}
