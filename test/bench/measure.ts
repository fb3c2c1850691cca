import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

/** One finished run of a program as a whole process: wall time in ms and peak resident memory in bytes. */
export interface Run {
  readonly wallMs: number;
  /** Of the process and all that it started, together; servers that it asks are not counted. */
  readonly peakBytes: number;
  /** Processor time of the same in ms: where others use the machine too, it says more than the wall time. */
  readonly cpuMs: number;
}

/** Runs a program to its end; its output is thrown away. Throws with its stderr when it fails. */
export async function measure(
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<Run> {
  const tree = new ProcessTree();
  const cpuBefore = cpuOfChildrenMs();
  const started = performance.now();
  const child = spawn(command, args, {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, ...env },
  });
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  let peakBytes = 0;
  const poll = setInterval(() => (peakBytes = Math.max(peakBytes, tree.highWater(child.pid))), 10);
  const code = await new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  const wallMs = performance.now() - started;
  clearInterval(poll);
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} exited with ${String(code)}: ${stderr}`);
  return { wallMs, peakBytes, cpuMs: cpuOfChildrenMs() - cpuBefore };
}

/** Of all children of this process that have ended, and of theirs: proc(5), cutime and cstime, in hundredths of a second. */
function cpuOfChildrenMs(): number {
  const [, afterName = ''] = readFileSync('/proc/self/stat', 'utf8').split(') ');
  const fields = afterName.split(' ');
  return 10 * (Number(fields[13]) + Number(fields[14]));
}

/** A process and those that it started. Each process of the machine is looked at once, to know whose child it is. */
class ProcessTree {
  readonly #strangers = new Set(processes());
  readonly #members = new Set<string>();

  /**
   * The sum of the kernel's own high-water marks of those that live, so that a slow poll misses little. Processes that had
   * their peaks at different times are counted as if they had not: it is never too little.
   */
  highWater(root: number | undefined): number {
    for (const pid of processes()) {
      if (this.#strangers.has(pid) || this.#members.has(pid)) continue;
      const parent = /PPid:\s+(\d+)/.exec(statusOf(pid))?.[1] ?? '';
      const belongs = pid === String(root) || this.#members.has(parent);
      (belongs ? this.#members : this.#strangers).add(pid);
    }
    let bytes = 0;
    for (const pid of this.#members) {
      bytes += Number(/VmHWM:\s+(\d+) kB/.exec(statusOf(pid))?.[1] ?? 0) * 1024;
    }
    return bytes;
  }
}

/** Lower numbers first: those that started others stand before them, but for a turn of the numbers. */
function processes(): string[] {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name));
}

/** Empty when it is gone. */
function statusOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/status`, 'utf8');
  } catch {
    return '';
  }
}
