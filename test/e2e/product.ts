import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { join } from 'node:path';

const bin = join(import.meta.dirname, '../../packages/cli/bin/holdfast.js');
const striker = join(import.meta.dirname, 'fault/strike-at-change.ts');

/** A finished run of the command line. `status` is the exit status, or 128 + n when signal n ended it, as shells say. */
export interface Finished {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** How a run is disturbed: see fault/strike-at-change.ts. */
export interface Fault {
  readonly root: string;
  readonly at?: number;
  readonly match?: RegExp;
  readonly do?: 'kill' | 'torn' | 'fill' | 'interrupt' | 'freeze';
  /** The file that `fill` makes. */
  readonly hog?: string;
  readonly log?: string;
}

/** A run that is under way. */
export interface Running {
  readonly pid: number;
  readonly finished: Promise<Finished>;
  signal(name: NodeJS.Signals): void;
}

/** Runs `holdfast` as a user does, in a process of its own. */
export async function holdfast(
  args: readonly string[],
  fault?: Fault,
  env?: NodeJS.ProcessEnv,
): Promise<Finished> {
  return await beginHoldfast(args, fault, env).finished;
}

/** The same, for who wants to do something meanwhile. */
export function beginHoldfast(args: readonly string[], fault?: Fault, env: NodeJS.ProcessEnv = {}): Running {
  const preload = fault === undefined ? [] : ['--import', striker];
  const child = spawn(process.execPath, [...preload, bin, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NO_COLOR: '1', ...faultEnvironment(fault), ...env },
  });
  const out = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => (out.stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (out.stderr += chunk.toString()));
  const finished = new Promise<Finished>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) =>
      resolve({ status: code ?? 128 + constants.signals[signal ?? 'SIGKILL'], ...out }),
    );
  });
  return { pid: child.pid ?? 0, finished, signal: (name) => child.kill(name) };
}

function faultEnvironment(fault: Fault | undefined): NodeJS.ProcessEnv {
  if (fault === undefined) return {};
  return {
    FAULT_ROOT: fault.root,
    ...(fault.at !== undefined && { FAULT_AT: String(fault.at) }),
    ...(fault.match !== undefined && { FAULT_MATCH: fault.match.source }),
    ...(fault.do !== undefined && { FAULT_DO: fault.do }),
    ...(fault.hog !== undefined && { FAULT_HOG: fault.hog }),
    ...(fault.log !== undefined && { FAULT_LOG: fault.log }),
  };
}

/** Runs `holdfast … -o json`, expects it to succeed, and returns its answer. */
export async function answer<T>(...args: string[]): Promise<T> {
  const { status, stdout, stderr } = await holdfast([...args, '-o', 'json']);
  if (status !== 0) throw new Error(`holdfast ${args.join(' ')} exited with ${status}: ${stderr}`);
  return JSON.parse(stdout) as T;
}
