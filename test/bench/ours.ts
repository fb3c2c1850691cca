import { rmSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { measure, type Run } from './measure.ts';

/** The launcher of the checkout. */
const holdfastBin = join(import.meta.dirname, '../../packages/cli/bin/holdfast.js');

/** One command of ours, as a whole process, started as a shell does: its first line says how. */
export async function holdfast(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Run> {
  const path = [dirname(process.execPath), process.env['PATH']].join(delimiter);
  return await measure(holdfastBin, args, { PATH: path, ...env });
}

/** What a run leaves is removed, whether it failed or not. */
export async function thenRemove(run: Promise<Run>, ...paths: string[]): Promise<Run> {
  try {
    return await run;
  } finally {
    for (const path of paths) rmSync(path, { recursive: true, force: true });
  }
}
