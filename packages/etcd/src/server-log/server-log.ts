import { open } from 'node:fs/promises';

/** Lines that are shown of a log, and bytes that are looked through for them: the help that follows a wrong flag is long. */
const shownLines = 20;
const windowBytes = 64 * 1024;

/**
 * A line that tells why etcd ended: the last one of its own logger, the first of what Go writes when a program breaks, or
 * what it thinks of its flags.
 */
const telling =
  /"level":"(?:fatal|panic)"|^(?:panic:|fatal error|unexpected fault address|flag provided|error verifying flags)/;

/** The end of a log file from byte `from` on, from the line that tells why; '' where there is none. */
export async function logTail(path: string, from = 0): Promise<string> {
  const file = await open(path).catch(() => undefined);
  if (file === undefined) return '';
  try {
    const { size } = await file.stat();
    const start = Math.max(Math.min(from, size), size - windowBytes);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(size - start), 0, size - start, start);
    return tailOf(buffer.subarray(0, bytesRead).toString());
  } finally {
    await file.close();
  }
}

/** The same of a text. */
export function tailOf(text: string): string {
  const lines = text.trimEnd().split('\n');
  const last = lines.findLastIndex((line) => telling.test(line));
  const from = last < 0 ? Math.max(0, lines.length - shownLines) : last;
  return lines.slice(from, from + shownLines).join('\n');
}

/** Why etcd ended, in the words of such an end of its log: one line. */
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
