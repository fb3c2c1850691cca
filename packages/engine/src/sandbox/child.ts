import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, writeFileSync } from 'node:fs';
import { constants, setPriority } from 'node:os';
import { plainEnvironment } from './program.ts';

/** A process that does not outlive this one. */
export interface Child {
  /** The exit code or the signal, in words; undefined while it runs. */
  readonly ending: string | undefined;
  signal(signal: 'SIGTERM' | 'SIGKILL'): void;
  /** Fulfilled when it has ended. */
  readonly ended: Promise<void>;
}

const running = new Set<ChildProcess>();

process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/**
 * Starts a program of Go with low priority whose output goes to a file, and which the kernel ends first when memory runs
 * out. It ends when this process exits; where `setpriv` can
 * ask the kernel for that (prctl PR_SET_PDEATHSIG), even when this process is killed.
 *
 * @param memory bytes of its heap from which on it rather works than grows
 * @throws the system's error when it cannot be started
 */
export async function startChild(
  program: string,
  args: readonly string[],
  logFile: string,
  memory: number,
): Promise<Child> {
  const command = [...((await kernelEndsChildren()) ? setpriv : []), program, ...args];
  const log = openSync(logFile, 'a', 0o600);
  let child: ChildProcess;
  try {
    const env = { ...plainEnvironment(), GOMEMLIMIT: String(memory) };
    child = spawn(command[0]!, command.slice(1), { env, stdio: ['ignore', log, log] });
  } finally {
    closeSync(log);
  }
  running.add(child);
  let ending: string | undefined;
  const { promise: ended, resolve } = Promise.withResolvers<void>();
  const end = (how: string): void => {
    ending ??= how;
    running.delete(child);
    resolve();
  };
  child.once('exit', (code, signal) => end(signal ?? `exit status ${code}`));
  child.once('error', (error) => end(error.message));
  // Rejects with the error when there was nothing to start.
  await once(child, 'spawn');
  giveWay(child.pid);
  return {
    get ending() {
      return ending;
    },
    signal: (signal) => void child.kill(signal),
    ended,
  };
}

/** The real work of this machine comes first: its processor, and its memory when there is too little (proc(5), oom_score_adj). */
function giveWay(pid: number | undefined): void {
  if (pid === undefined) return;
  const ways = [
    () => setPriority(pid, constants.priority.PRIORITY_BELOW_NORMAL),
    () => writeFileSync(`/proc/${pid}/oom_score_adj`, '1000'),
  ];
  for (const way of ways) {
    try {
      way();
    } catch {
      // It has ended already, which is told elsewhere, or the machine does not let us; then it runs as any other.
    }
  }
}

const setpriv = ['setpriv', '--pdeathsig', 'KILL', '--'] as const;
let kernelEnds: Promise<boolean> | undefined;

function kernelEndsChildren(): Promise<boolean> {
  kernelEnds ??= new Promise((resolve) => {
    execFile(setpriv[0], [...setpriv.slice(1), 'true'], { env: plainEnvironment() }, (error) =>
      resolve(error === null),
    );
  });
  return kernelEnds;
}
