import { Cron } from 'croner';

/** The times of a schedule, as milliseconds since 1970. */
export interface Times {
  /** The first one after `ms`; null: there is none any more. */
  next(ms: number): number | null;
  /** The last one that is not after `ms`; null: there was none. */
  latest(ms: number): number | null;
}

const remembered = new Map<string, Times>();
/** One takes 80 KB, and to make it anew takes less than a millisecond. */
const mostLines = 100;

/**
 * The times of a cron line with five fields in a time zone. A line that names its hours has each of them once a day:
 * one that the clocks skip in spring comes when they have moved on, one that they repeat in autumn comes the first time.
 * A line with `*` or a step in its hours or minutes goes by what the clock shows: it leaves out what is skipped, and
 * comes again with what is repeated.
 *
 * @throws TypeError, RangeError: what croner finds wrong; see `cronFault`
 */
export function cronTimes(line: string, timeZone: string): Times {
  const key = `${timeZone} ${line}`;
  const known = remembered.get(key);
  if (known !== undefined) return known;
  const cron = new Cron(line, {
    paused: true,
    timezone: timeZone,
    mode: '5-part',
    fixedTimeRule: 'no-wildcard',
  });
  const times: Times = {
    next: (ms) => cron.nextRun(new Date(ms))?.getTime() ?? null,
    // Croner answers with what is before a second, and lines have no seconds.
    latest: (ms) => cron.previousRuns(1, new Date(Math.floor(ms / 1000) * 1000 + 1000))[0]?.getTime() ?? null,
  };
  if (remembered.size >= mostLines) remembered.clear();
  remembered.set(key, times);
  return times;
}

/** What is wrong with a cron line, as the rest of a sentence that begins with it; undefined: nothing. */
export function cronFault(line: string): string | undefined {
  const fields = line.trim().split(/\s+/);
  if (line.trim() === '') return 'is empty';
  if (!line.trim().startsWith('@') && fields.length !== 5) {
    return `has ${fields.length} ${fields.length === 1 ? 'field' : 'fields'} where a cron line has five: minute, hour, day, month, weekday`;
  }
  if (line.includes('?')) return 'has a "?", which means another time whenever it is read';
  try {
    const isEver = cronTimes(line, 'UTC').next(referenceMs) !== null;
    return isEver ? undefined : 'names a day that no year has';
  } catch (error) {
    return `cannot be read: ${(error as Error).message.replace(/^CronPattern: /, '')}`;
  }
}

/** Any time does to see whether a line ever comes, since its fields name no year. */
const referenceMs = Date.UTC(2000, 0, 1);

/** What is wrong with the name of a time zone, as the rest of a sentence that begins with it; undefined: nothing. */
export function timeZoneFault(name: string): string | undefined {
  const unknown = 'is no time zone of the IANA database, such as Europe/Berlin or UTC';
  if (!/^[A-Za-z]/.test(name)) return unknown;
  try {
    new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions();
    return undefined;
  } catch {
    return unknown;
  }
}
