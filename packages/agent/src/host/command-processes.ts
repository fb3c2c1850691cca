import type { HostProcess } from './hosted.ts';
import { processIds, programAt, sharesFiles, startOf, wordsOf } from './processes.ts';

/**
 * The processes of this machine that run a command: all words from its program on are the same. The folder of the program
 * may differ, since it can have been looked up; what stands before it is gone once it runs.
 */
export async function commandProcesses(program: string, command: readonly string[]): Promise<HostProcess[]> {
  const wanted = asFound(program, command);
  const found: HostProcess[] = [];
  for (const pid of await processIds()) {
    if (pid === process.pid) continue;
    // A process that ends while it is looked at is none of ours.
    const words = await wordsOf(pid).catch(() => []);
    if (asFound(program, words) !== wanted || !(await sharesFiles(pid))) continue;
    const startedAt = await startOf(pid).catch(() => undefined);
    if (startedAt !== undefined) found.push({ pid, startedAt });
  }
  return found;
}

function asFound(program: string, words: readonly string[]): string {
  const at = programAt(words, program);
  return (at < 0 ? words : [program, ...words.slice(at + 1)]).join('\0');
}
