import { createInterface } from 'node:readline/promises';
import { Failure } from '@holdfast/base';
import type { Io } from '../io.ts';

/**
 * Asks for a name to be typed before something is destroyed: `y` is typed too easily. Without a terminal nobody is
 * asked and nothing is done.
 *
 * @param question what is about to happen, in a line or several
 * @param name the word that has to be typed
 * @throws Failure `not-confirmed`
 */
export async function confirm(io: Io, question: string, name: string): Promise<void> {
  if (io.stdin.isTTY !== true || io.stderr.isTTY !== true) {
    throw new Failure('not-confirmed', 'there is no terminal to ask on, and --yes was not given');
  }
  io.stderr.write(`${question}\nType ${name} to go on: `);
  const answer = await firstLine(io);
  if (answer === undefined) io.stderr.write('\n');
  io.signal.throwIfAborted();
  if (answer !== name) throw new Failure('not-confirmed', `"${name}" was not typed`);
}

async function firstLine(io: Io): Promise<string | undefined> {
  const lines = createInterface({ input: io.stdin, signal: io.signal });
  try {
    for await (const line of lines) return line.trim();
    return undefined;
  } finally {
    lines.close();
  }
}
