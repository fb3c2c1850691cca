import { spawn } from 'node:child_process';
import { access, constants, open, stat } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import type { Clock } from '@holdfast/base';
import { lastWords, logTail } from '@holdfast/etcd/server-log';
import type { HostDescription } from '@holdfast/model';
import type { HostDriver } from './driver.ts';
import { endProcesses } from './end-processes.ts';
import { notStarted, type Hosted } from './hosted.ts';
import { firstMomentsMs, lookAgainMs } from './patience.ts';
import { programAt } from './processes.ts';

export type ProcessRun = Extract<HostDescription, { driver: 'process' }>;

/**
 * Runs a process of its own that nobody watches over. It is found again by what marks it.
 * @param runOf tells at each start how it is run
 */
export function processDriver(hosted: Hosted, runOf: () => ProcessRun, clock: Clock): HostDriver {
  // What it said before the last start is no news.
  let begun = 0;
  const { logFile } = runOf();
  const tail = (): Promise<string> => logTail(logFile, begun);

  return {
    async state() {
      const [found] = await hosted.processes();
      if (found === undefined)
        return { running: false, detail: `no process of ${hosted.program} has ${hosted.mark}` };
      return { running: true, pid: found.pid, detail: `process ${found.pid} has ${hosted.mark}` };
    },
    stop: (signal) => endProcesses(hosted, clock, signal),
    async start(signal) {
      if ((await hosted.processes()).length > 0) return;
      begun = await stat(logFile).then(
        ({ size }) => size,
        () => 0,
      );
      const ending = await launch(hosted, runOf()).catch((error: Error) => {
        throw notStarted(hosted, error.message, {}, { cause: error });
      });
      const until = clock.monotonic() + firstMomentsMs;
      while (clock.monotonic() < until && ending() === undefined) await clock.sleep(lookAgainMs, signal);
      if (ending() === undefined) return;
      const why = `it ended at once (${ending()}): ${lastWords(await tail())}`;
      throw notStarted(hosted, why, { log: logFile });
    },
    async whyUnstartable() {
      const { command } = runOf();
      if ((await programOf(command, hosted.program)) !== undefined) return undefined;
      return `the command of ${hosted.name} begins with ${command[0]}, which is no program on this machine`;
    },
    program: () => programOf(runOf().command, hosted.program),
    logTail: tail,
  };
}

/** Starts a process that outlives this one and hears none of its signals; tells how it ended, once it has. */
async function launch(
  hosted: Hosted,
  { command, environment, logFile }: ProcessRun,
): Promise<() => string | undefined> {
  const log = await open(logFile, 'a', 0o600);
  try {
    const child = spawn(command[0] ?? '', command.slice(1), {
      cwd: '/',
      detached: true,
      ...(await hosted.owner()),
      env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...environment },
      stdio: ['ignore', log.fd, log.fd],
    });
    let ending: string | undefined;
    child.once('exit', (code, signal) => {
      ending = signal ?? `exit status ${code}`;
    });
    await new Promise((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', reject);
    });
    child.unref();
    return () => ending;
  } finally {
    await log.close();
  }
}

/** The word that names the program: before it may stand what runs it, as `nice` or `env`. */
async function programOf(command: readonly string[], program: string): Promise<string | undefined> {
  const word = command[Math.max(0, programAt(command, program))] ?? '';
  if (word.includes('/')) return (await isExecutable(word)) ? word : undefined;
  for (const folder of (process.env['PATH'] ?? '').split(delimiter))
    if (await isExecutable(join(folder, word))) return join(folder, word);
  return undefined;
}

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}
