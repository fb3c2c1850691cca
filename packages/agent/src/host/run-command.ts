import { execFile } from 'node:child_process';

/** How a command ended. */
export interface CommandEnd {
  /** 127: there is no such command. */
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
  /** The first line of what it complained of. */
  readonly complaint: string;
}

/** How the tools of a machine are reached, where not by their names: the words before the arguments. */
export interface HostAccess {
  readonly systemctl?: readonly string[];
  readonly journalctl?: readonly string[];
  readonly docker?: readonly string[];
}

/** Runs a command to its end, however that is. */
export async function runCommand(
  [command = '', ...args]: readonly string[],
  signal?: AbortSignal,
): Promise<CommandEnd> {
  return new Promise((resolve) => {
    execFile(command, args, { signal, maxBuffer: 16 * 1024 * 1024 }, (error, stdout, stderr) => {
      const complaint = stderr.trim().split('\n')[0] ?? '';
      if (error === null) resolve({ status: 0, stdout, stderr, complaint });
      else {
        const status = typeof error.code === 'number' ? error.code : 127;
        const said = complaint === '' ? `${command}: ${error.message}` : complaint;
        resolve({ status, stdout, stderr, complaint: said });
      }
    });
  });
}
