import { type ChildProcess, execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { root } from '../step.ts';

const run = promisify(execFile);
const running = new Set<ChildProcess>();

/** Runs the command line as a user does, in a process of its own, and returns what `-o json` answers. */
export async function holdfast<T>(...args: string[]): Promise<T> {
  const bin = join(root, 'packages/cli/bin/holdfast.js');
  const finished = run(process.execPath, [bin, ...args, '-o', 'json'], {
    maxBuffer: 64 << 20,
    env: withoutEtcd(),
  });
  running.add(finished.child);
  try {
    return JSON.parse((await finished).stdout) as T;
  } finally {
    running.delete(finished.child);
  }
}

/** Ends what runs of it at once, and waits for that. */
export async function endHoldfast(): Promise<void> {
  await Promise.all(
    [...running].map(async (child) => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      await ended;
    }),
  );
}

/** The members that Holdfast starts have its environment, and would take these variables for their own. */
function withoutEtcd(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('ETCD')));
}
