/** A time in a zone of the IANA database, with its offset: `2026-11-20 10:14:07 +01:00`. */
export function zonedMoment(at: Date, timeZone: string): string {
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
    timeZoneName: 'longOffset',
  });
  const parts = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, value]));
  const offset = parts['timeZoneName']!.slice('GMT'.length).replace(/^(?:\+00:00)?$/, 'Z');
  const { year, month, day, hour, minute, second } = parts;
  return `${year}-${month}-${day} ${hour}:${minute}:${second} ${offset}`;
}
