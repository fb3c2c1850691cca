import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { closeSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { root } from '../step.ts';

const bin = join(root, 'packages/cli/bin/holdfast.js');
const run = promisify(execFile);
const running = new Set<ChildProcess>();

/** Variables that name the server to all commands. */
export type ServerVariables = Readonly<
  Record<'HOLDFAST_SERVER' | 'HOLDFAST_SERVER_CA' | 'HOLDFAST_TOKEN_FILE' | 'HOLDFAST_CLUSTER', string>
>;

/** Runs a command over a server as a user does, in a process of its own, and returns what `-o json` answers. */
export async function holdfast<T>(server: ServerVariables, ...args: string[]): Promise<T> {
  const finished = run(process.execPath, [bin, ...args, '-o', 'json'], {
    maxBuffer: 64 << 20,
    env: { ...ownVariables(), ...server },
  });
  running.add(finished.child);
  try {
    return JSON.parse((await finished).stdout) as T;
  } finally {
    running.delete(finished.child);
  }
}

/** Starts the command line as a user does, as a process that outlives this one; what it tells goes to a file. */
export function startHoldfast(
  words: readonly string[],
  to: { readonly log: string; readonly tmp: string },
): void {
  const log = openSync(to.log, 'a', 0o600);
  spawn(process.execPath, [bin, ...words], {
    detached: true,
    stdio: ['ignore', log, log],
    env: { ...ownVariables(), TMPDIR: to.tmp },
  }).unref();
  closeSync(log);
}

/** The processes of the command line that were given a path below a folder, whoever started them. */
export function holdfastsUnder(folder: string): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => Number.isInteger(pid) && isHoldfastUnder(pid, folder));
}

/** Kills them, and the commands that this process waits for; what they were about goes with the folder. */
export async function endHoldfastsUnder(folder: string): Promise<void> {
  for (const child of running) child.kill('SIGKILL');
  for (let found = holdfastsUnder(folder); found.length > 0; found = holdfastsUnder(folder)) {
    for (const pid of found) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It ended by itself meanwhile.
      }
    }
    await sleep(10);
  }
}

function isHoldfastUnder(pid: number, folder: string): boolean {
  try {
    const [, script = '', ...args] = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    return script.endsWith('/holdfast.js') && args.some((each) => each.startsWith(`${folder}/`));
  } catch {
    return false;
  }
}

/** Etcd would take the first for its own, and Holdfast the others for settings. */
function ownVariables(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(ETCD|HOLDFAST)/.test(name)));
}
