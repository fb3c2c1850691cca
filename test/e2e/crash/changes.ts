import { readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Fault, type Finished, holdfast } from '../product.ts';

/** One change of the file system that a command makes: its number (from 1), the call, and the path below the root. */
export interface Change {
  readonly at: number;
  readonly call: string;
  readonly path: string;
}

/** Runs a command undisturbed and lists every change that it makes below `root`. */
export async function changesOf(root: string, args: readonly string[]): Promise<readonly Change[]> {
  const log = join(tmpdir(), `holdfast-changes-${process.pid}`);
  rmSync(log, { force: true });
  try {
    const { status, stderr } = await holdfast(args, { root, log });
    if (status !== 0) throw new Error(stderr);
    const lines = readFileSync(log, 'utf8').trimEnd().split('\n');
    return lines.map((line) => {
      const [at, call, path] = line.split(' ');
      return { at: Number(at), call: call!, path: path! };
    });
  } finally {
    rmSync(log, { force: true });
  }
}

/** Runs a command that is struck at a change. */
export async function struck(
  root: string,
  args: readonly string[],
  at: number,
  how: Fault['do'],
): Promise<Finished> {
  return await holdfast(args, { root, at, ...(how !== undefined && { do: how }) });
}

/** Every point at which a process can die: before each change, in the middle of each write, and never. */
export function deathsOf(changes: readonly Change[]): { at: number; how: 'kill' | 'torn'; what: string }[] {
  return changes.flatMap(({ at, call, path }) => [
    { at, how: 'kill' as const, what: `${call} ${path}` },
    ...(call === 'write' || call === 'writev' ? [{ at, how: 'torn' as const, what: `${call} ${path}` }] : []),
  ]);
}
