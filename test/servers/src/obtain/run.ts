import { spawn } from 'node:child_process';

/** What a command may be given. */
export interface RunOptions {
  readonly cwd?: string;
  /** Added to this process's environment; `undefined` removes a variable. */
  readonly env?: NodeJS.ProcessEnv;
  /** Told every few seconds how long `label` has been going on. */
  readonly progress?: ((line: string) => void) | undefined;
  readonly label?: string;
  readonly input?: string;
  readonly timeoutMs?: number;
}

const progressEveryMs = 3000;
const linesOfAnError = 15;

/** Runs a command to its end and gives what it printed; throws with its last words if it fails. */
export async function run(
  command: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<string> {
  const { stdout, stderr, code } = await runAny(command, args, options);
  if (code === 0) return stdout;
  const last = `${stdout}\n${stderr}`.trim().split('\n').slice(-linesOfAnError).join('\n');
  throw new Error(
    `${command} ${args.join(' ')}: ${code === null ? 'ended by a signal' : `exit ${code}`}\n${last}`,
  );
}

/** Runs a command to its end whatever its exit code; throws only if it cannot be started. */
export async function runAny(
  command: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<{ stdout: string; stderr: string; code: number | null }> {
  const child = spawn(command, args, {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    stdio: ['pipe', 'pipe', 'pipe'],
    timeout: options.timeoutMs,
  });
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
  // A command that ends without reading its input breaks the pipe; its exit code tells the story.
  child.stdin.on('error', () => {});
  child.stdin.end(options.input ?? '');
  const stopProgress = reportElapsed(options);
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    return { stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString(), code };
  } finally {
    stopProgress();
  }
}

/** The message of whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function reportElapsed({ progress, label }: RunOptions): () => void {
  if (progress === undefined || label === undefined) return () => {};
  const start = performance.now();
  progress(`${label} …`);
  const timer = setInterval(() => {
    progress(`${label} … ${Math.round((performance.now() - start) / 1000)} s`);
  }, progressEveryMs);
  return () => clearInterval(timer);
}
