import { runCommand, type CommandEnd, type HostAccess } from './run-command.ts';

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
