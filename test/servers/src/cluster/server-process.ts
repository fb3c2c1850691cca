import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';

/** A server that was started, and how it ended if it did. */
export interface ServerProcess {
  readonly pid: number;
  /** The exit code or signal; undefined while it runs. */
  readonly ending: string | undefined;
  signal(signal: NodeJS.Signals): void;
  ended(): Promise<void>;
}

const running = new Set<ChildProcess>();

/**
 * Starts a server whose output goes to a file. Unless detached it ends with this process: the kernel sees to
 * it where setpriv can ask for that, even if this process is killed; elsewhere this process does when it exits.
 */
export async function startServer(
  command: string,
  args: readonly string[],
  { logFile, env, detached }: { logFile: string; env: NodeJS.ProcessEnv; detached: boolean },
): Promise<ServerProcess> {
  const log = openSync(logFile, 'a');
  const wrapped = detached || !kernelEndsChildren() ? [command, ...args] : [...setpriv, command, ...args];
  const child = spawn(wrapped[0] ?? command, wrapped.slice(1), {
    env,
    detached,
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  if (detached) child.unref();
  else running.add(child);
  let ending: string | undefined;
  const ended = new Promise<void>((resolve) => {
    child.once('exit', (code, signal) => {
      ending = signal ?? `exit ${code}`;
      running.delete(child);
      resolve();
    });
  });
  await new Promise((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', reject);
  });
  return {
    pid: child.pid ?? 0,
    get ending() {
      return ending;
    },
    signal: (signal) => void child.kill(signal),
    ended: () => ended,
  };
}

/** The last lines of a log file, for an error message. */
export function lastLines(logFile: string, count = 20): string {
  try {
    return readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-count).join('\n');
  } catch {
    return '(no log)';
  }
}

const setpriv = ['setpriv', '--pdeathsig', 'KILL', '--'];
let kernelEnds: boolean | undefined;

function kernelEndsChildren(): boolean {
  if (kernelEnds === undefined) {
    kernelEnds = spawnSync(setpriv[0] ?? '', [...setpriv.slice(1), 'true']).status === 0;
    if (!kernelEnds) killAllOnSignals();
  }
  return kernelEnds;
}

function killAll(): void {
  for (const child of running) child.kill('SIGKILL');
}

process.on('exit', killAll);

/** A signal that ends this process runs no exit handler: where the kernel does not help, each is passed through here. */
function killAllOnSignals(): void {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => {
      killAll();
      process.kill(process.pid, signal);
    });
  }
}
