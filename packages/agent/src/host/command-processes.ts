import { basename } from 'node:path';
import type { HostProcess } from './hosted.ts';
import { executableOf, processIds, programAt, sharesFiles, startOf, wordsOf } from './processes.ts';
import { interpreterOf } from './script-interpreter.ts';

/**
 * The processes of this machine that run a command: all words from its program on are the same. The folder of the program
 * may differ, since it can have been looked up; what stands before it is gone once it runs. So before the program of a
 * process stands nothing, or what interprets it: `tail -f` before the same words is another program.
 *
 * @param mayBeContained whether those in containers count too
 */
export async function commandProcesses(
  program: string,
  command: readonly string[],
  mayBeContained = false,
): Promise<HostProcess[]> {
  const found: HostProcess[] = [];
  for (const pid of await processIds()) {
    if (pid === process.pid) continue;
    // A process that ends while it is looked at is none of ours.
    const words = await wordsOf(pid).catch(() => []);
    if (!(await isRunOf(pid, words, program, command))) continue;
    if (!mayBeContained && !(await sharesFiles(pid))) continue;
    const startedAt = await startOf(pid).catch(() => undefined);
    if (startedAt !== undefined) found.push({ pid, startedAt });
  }
  return found;
}

async function isRunOf(
  pid: number,
  words: readonly string[],
  program: string,
  command: readonly string[],
): Promise<boolean> {
  if (isSame(words, command)) return true;
  const described = programAt(command, program);
  const args = command.slice(described + 1);
  const at = words.length - args.length - 1;
  if (described < 0 || at < 0 || !isSame(words.slice(at + 1), args)) return false;
  const isNamed = basename(words[at] ?? '') === program;
  if (at === 0) return isNamed || basename((await executableOf(pid)) ?? '') === program;
  return isNamed && (await isInterpreted(pid, words.slice(0, at), words[at] ?? ''));
}

async function isInterpreted(
  pid: number,
  [first = '', ...before]: readonly string[],
  script: string,
): Promise<boolean> {
  const [interpreter, ...args] = await interpreterOf(pid, script);
  return interpreter !== undefined && basename(first) === basename(interpreter) && isSame(before, args);
}

function isSame(words: readonly string[], others: readonly string[]): boolean {
  return words.length === others.length && words.every((word, i) => word === others[i]);
}
