import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { root } from '../step.ts';

const run = promisify(execFile);

/** Runs the command line as a user does, in a process of its own, and returns what `-o json` answers. */
export async function holdfast<T>(...args: string[]): Promise<T> {
  const bin = join(root, 'packages/cli/bin/holdfast.js');
  const { stdout } = await run(process.execPath, [bin, ...args, '-o', 'json'], { maxBuffer: 64 << 20 });
  return JSON.parse(stdout) as T;
}
