import type { Retention } from '../policy/index.ts';

/** The tiers of grandfather, father and son. */
export const tiers = [
  'hourly',
  'daily',
  'weekly',
  'monthly',
  'yearly',
] as const satisfies (keyof Retention)[];
export type Tier = (typeof tiers)[number];

/**
 * What tells the hour, day, ISO week, month and year of a time in a zone of the IANA database, as people write them.
 * Where clocks are put back an hour comes twice, and those are two: the name of an hour has its offset.
 *
 * @throws RangeError for a zone that is not known
 */
export function periodsIn(timeZone: string): (at: Date, tier: Tier) => string {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    calendar: 'gregory',
    numberingSystem: 'latn',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    hourCycle: 'h23',
    timeZoneName: 'longOffset',
  });
  return (at, tier) => {
    const parts = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, value]));
    const { year = '', month = '', day = '', hour = '', timeZoneName = '' } = parts;
    const date = `${year}-${month}-${day}`;
    if (tier === 'hourly') return `${date}T${hour}${timeZoneName.slice('GMT'.length) || 'Z'}`;
    if (tier === 'daily') return date;
    if (tier === 'weekly') return weekOf(Date.UTC(Number(year), Number(month) - 1, Number(day)));
    return tier === 'monthly' ? `${year}-${month}` : year;
  };
}

const dayMs = 86_400_000;

/** The week of ISO 8601 of a date, given as its midnight in UTC: it is of the year that its Thursday is of. */
function weekOf(date: number): string {
  const weekday = (new Date(date).getUTCDay() + 6) % 7;
  const thursday = date + (3 - weekday) * dayMs;
  const year = new Date(thursday).getUTCFullYear();
  const week = 1 + Math.floor((thursday - Date.UTC(year, 0, 1)) / (7 * dayMs));
  return `${year}-W${String(week).padStart(2, '0')}`;
}
