import { execFile } from 'node:child_process';

/** How a command ended. */
export interface CommandEnd {
  /** 127: there is no such command. */
  readonly status: number;
  readonly stdout: string;
  /** The first line of what it complained of. */
  readonly complaint: string;
}

/** How a systemd is reached that is not the one whose bus this process sees: the words before the arguments. */
export interface HostAccess {
  readonly systemctl?: readonly string[];
  readonly journalctl?: readonly string[];
}

/** Has systemd do something, or asks it. */
export async function systemctl(
  access: HostAccess,
  args: readonly string[],
  signal?: AbortSignal,
): Promise<CommandEnd> {
  const words = access.systemctl ?? ['systemctl'];
  return runCommand([...words, '--no-pager', '--no-ask-password', ...args], signal);
}

/** The last lines that a unit printed, without the journal's own columns. */
export async function journal(access: HostAccess, unit: string, lines: number): Promise<string> {
  const words = access.journalctl ?? ['journalctl'];
  const asked = ['--no-pager', '--output=cat', `--lines=${lines}`, `--unit=${unit}`];
  return (await runCommand([...words, ...asked])).stdout;
}

/** What systemd knows of a unit, by the names of systemd.directives(7) and org.freedesktop.systemd1(5). */
export async function unitProperties<Name extends string>(
  access: HostAccess,
  unit: string,
  names: readonly Name[],
  signal?: AbortSignal,
): Promise<{ readonly [name in Name]: string } | { readonly unknown: string }> {
  const { status, stdout, complaint } = await systemctl(
    access,
    ['show', `--property=${names.join(',')}`, unit],
    signal,
  );
  if (status !== 0) return { unknown: complaint };
  const values = new Map(
    stdout.split('\n').map((line): [string, string] => {
      const at = line.indexOf('=');
      return [line.slice(0, at), line.slice(at + 1)];
    }),
  );
  return Object.fromEntries(names.map((name) => [name, values.get(name) ?? ''])) as {
    [name in Name]: string;
  };
}

async function runCommand(
  [command = '', ...args]: readonly string[],
  signal?: AbortSignal,
): Promise<CommandEnd> {
  return new Promise((resolve) => {
    execFile(command, args, { signal, maxBuffer: 16 * 1024 * 1024 }, (error, stdout, stderr) => {
      const complaint = stderr.trim().split('\n')[0] ?? '';
      if (error === null) resolve({ status: 0, stdout, complaint });
      else {
        const status = typeof error.code === 'number' ? error.code : 127;
        resolve({ status, stdout, complaint: complaint === '' ? `${command}: ${error.message}` : complaint });
      }
    });
  });
}
