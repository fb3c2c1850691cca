/** Who runs it where this process is root, whom PostgreSQL refuses: nobody, by number, as it is everywhere. */
const nobody = 65_534;

/** The user and group that own its files; undefined: this process's own. */
export function otherUser(): number | undefined {
  return process.getuid?.() === 0 ? nobody : undefined;
}

/** A command as that user runs it. It ends with the process that starts it, where that is not said otherwise. */
export function asUser(command: string, args: readonly string[]): [command: string, args: string[]] {
  const user = otherUser();
  if (user === undefined) return [command, [...args]];
  // To become somebody else takes away what `startServer` asks of the kernel: it is asked for again.
  const become = [`--reuid=${user}`, `--regid=${user}`, '--clear-groups', '--pdeathsig', 'KILL'];
  return ['setpriv', [...become, '--', command, ...args]];
}
