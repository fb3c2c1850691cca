import { runStep } from './step.ts';

/** The shell stays the first process: it reaps what nobody else waits for. */
const shares = [
  ...['--pid', '--fork', '--kill-child', '--mount-proc', '--net'],
  ...['sh', '-c', 'ip link set lo up && "$@"', 'sh'],
];

/**
 * The words that give a command a machine of its own, by Linux's namespaces: it sees its own processes, its own loopback and
 * its own mounts, and whatever it leaves running ends with it. Undefined where this user may not make them.
 */
export async function machineOfItsOwn(): Promise<readonly string[] | undefined> {
  const { status } = await runStep('unshare', [...shares, 'true'], false).catch(() => ({ status: 1 }));
  return status === 0 ? ['unshare', ...shares] : undefined;
}
