import { readFile } from 'node:fs/promises';

/** Lines of a log that are shown. */
const shown = 20;

/** A last line in etcd's own form, or the first one of what Go writes when a program breaks. */
const telling = /"level":"(?:fatal|panic)"|^(?:panic|fatal error|unexpected fault address)\b/;

/** The end of a log, from the line that tells why the program ended where there is one; '' when there is no log. */
export async function logTail(path: string): Promise<string> {
  try {
    const lines = (await readFile(path, 'utf8')).trimEnd().split('\n');
    const last = lines.length - shown;
    const from = lines.findIndex((line) => telling.test(line));
    return lines
      .slice(from < 0 ? Math.max(last, 0) : from)
      .slice(0, shown)
      .join('\n');
  } catch {
    return '';
  }
}

/** Why the program ended, in the words of such an end of its log. */
export function lastWords(tail: string): string {
  const lines = tail.split('\n').filter((line) => line.trim() !== '');
  return wordsOf(lines.find((line) => telling.test(line)) ?? lines.at(-1) ?? '') || 'it said nothing';
}

/** etcd's own logger writes one JSON object for each line. */
function wordsOf(line: string): string {
  try {
    const { msg, error } = JSON.parse(line) as { msg?: unknown; error?: unknown };
    return [msg, error].filter((each) => typeof each === 'string' && each !== '').join(': ');
  } catch {
    return line.trim();
  }
}
