import { open } from 'node:fs/promises';

const tailLines = 20;
const tailBytes = 16 * 1024;

/** The last lines of a log file; '' where there is none. */
export async function lastLines(logFile: string): Promise<string> {
  const file = await open(logFile).catch(() => undefined);
  if (file === undefined) return '';
  try {
    const { size } = await file.stat();
    const from = Math.max(0, size - tailBytes);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(size - from), 0, size - from, from);
    return lastOf(buffer.subarray(0, bytesRead).toString());
  } finally {
    await file.close();
  }
}

/** The last lines of a text. */
export function lastOf(text: string): string {
  return text.trimEnd().split('\n').slice(-tailLines).join('\n');
}

/** What etcd said last, after why it does not run. */
export function withLog(why: string, log: string): string {
  return log === '' ? `${why}; its log is empty` : `${why}; its log ends with:\n${log}`;
}
