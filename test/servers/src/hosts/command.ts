import { execFile } from 'node:child_process';

/** How a command ended. */
export interface Ended {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command to its end, whatever that is. `input` is what it reads. */
export async function runCommand(
  [program, ...args]: readonly [string, ...string[]],
  { env = process.env, input }: { readonly env?: NodeJS.ProcessEnv; readonly input?: string } = {},
): Promise<Ended> {
  return new Promise((resolve) => {
    const child = execFile(program, args, { env, maxBuffer: 64 << 20 }, (error, stdout, stderr) => {
      const { code } = error ?? { code: 0 };
      resolve({ status: typeof code === 'number' ? code : 255, stdout, stderr });
    });
    child.stdin?.end(input);
  });
}

/** The same; throws where it does not end well. */
export async function mustRun(...command: readonly [string, ...string[]]): Promise<string> {
  const { status, stdout, stderr } = await runCommand(command);
  if (status !== 0) throw new Error(`${command.join(' ')} ended with ${status}: ${stderr}`);
  return stdout;
}
