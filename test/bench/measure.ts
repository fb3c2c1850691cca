import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** One finished run of a program as a whole process: wall time in ms and peak resident memory in bytes. */
export interface Run {
  readonly wallMs: number;
  readonly peakBytes: number;
}

/** Runs a program to its end; its output is thrown away. Throws with its stderr when it fails. */
export async function measure(
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<Run> {
  const started = performance.now();
  const child = spawn(command, args, {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, ...env },
  });
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  let peakBytes = 0;
  const poll = setInterval(() => (peakBytes = Math.max(peakBytes, highWater(child.pid))), 10);
  const code = await new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  const wallMs = performance.now() - started;
  clearInterval(poll);
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} exited with ${String(code)}: ${stderr}`);
  return { wallMs, peakBytes };
}

/** The kernel's own high-water mark of a process, so that a slow poll misses little. */
function highWater(pid: number | undefined): number {
  try {
    const line = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
    return Number(line?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}
