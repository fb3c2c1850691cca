/**
 * A value as JSON that is the same for the same content: keys sorted by their UTF-16 units, no spaces, fields that are
 * undefined left out. It is written by hand since an object always puts keys that are numbers first.
 *
 * @param value what JSON can say: no functions, dates or numbers that are none
 */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((each) => canonicalJson(each ?? null)).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const fields = Object.entries(value)
    .filter(([, field]) => field !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, field]) => `${JSON.stringify(key)}:${canonicalJson(field)}`);
  return `{${fields.join(',')}}`;
}
