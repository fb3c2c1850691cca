import { spawn } from 'node:child_process';
import { join } from 'node:path';

/** The root of the checkout. */
export const root = join(import.meta.dirname, '..');

/** The outcome of a program: its exit status (signals count as 1) and what it printed, both streams together. */
export interface StepOutcome {
  readonly status: number;
  readonly output: string;
}

/** Runs a program of node_modules/.bin in the checkout's root, or a folder of it; `show` passes its output through as it comes. */
export async function runStep(
  command: string,
  args: readonly string[],
  show: boolean,
  folder = '',
): Promise<StepOutcome> {
  const path = `${join(root, 'node_modules/.bin')}:${process.env['PATH'] ?? ''}`;
  const child = spawn(command, args, {
    cwd: join(root, folder),
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, PATH: path },
  });
  const chunks: Buffer[] = [];
  for (const [from, to] of [
    [child.stdout, process.stdout],
    [child.stderr, process.stderr],
  ] as const) {
    from.on('data', (chunk: Buffer) => {
      if (show) to.write(chunk);
      else chunks.push(chunk);
    });
  }
  return await new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ status: code ?? 1, output: Buffer.concat(chunks).toString() }));
  });
}
