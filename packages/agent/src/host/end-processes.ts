import type { Clock } from '@holdfast/base';
import { notStopped, type Hosted } from './hosted.ts';
import { lookAgainMs, stopGraceMs } from './patience.ts';

/** Milliseconds from the beginning at which each signal is sent to what still runs, and how long nothing may have been seen. */
export interface Patience {
  readonly termMs: number;
  readonly killMs: number;
  readonly quietMs: number;
}

/**
 * Ends all processes of what is run, also those that appear meanwhile.
 *
 * @returns whether there was one
 * @throws Failure `etcd-not-stopped` or `component-not-stopped` when the signal ends before
 */
export async function endProcesses(
  hosted: Hosted,
  clock: Clock,
  signal: AbortSignal,
  { termMs, killMs, quietMs }: Patience = { termMs: 0, killMs: stopGraceMs, quietMs: 0 },
): Promise<boolean> {
  const wordAt = (ms: number): NodeJS.Signals | undefined => {
    if (ms >= killMs) return 'SIGKILL';
    return ms >= termMs ? 'SIGTERM' : undefined;
  };
  const from = clock.monotonic();
  const told = new Map<string, NodeJS.Signals>();
  let seen = false;
  let lastSeen = from;
  for (;;) {
    const left = await hosted.processes();
    const now = clock.monotonic();
    if (left.length === 0 && now - lastSeen >= quietMs) return seen;
    if (signal.aborted) throw notStopped(hosted, whatIsLeft(left));
    if (left.length > 0) [seen, lastSeen] = [true, now];
    const word = wordAt(now - from);
    for (const { pid, startedAt } of left) {
      const who = `${pid} ${startedAt}`;
      if (word === undefined || told.get(who) === word) continue;
      told.set(who, word);
      sendSignal(pid, word, hosted);
    }
    await clock.sleep(lookAgainMs, signal).catch(() => undefined);
  }
}

function whatIsLeft([first]: Awaited<ReturnType<Hosted['processes']>>): string {
  return first === undefined ? 'it may be about to be started again' : `process ${first.pid} still runs`;
}

function sendSignal(pid: number, word: NodeJS.Signals, hosted: Hosted): void {
  try {
    process.kill(pid, word);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return;
    throw notStopped(hosted, `process ${pid}: ${(error as Error).message}`);
  }
}
