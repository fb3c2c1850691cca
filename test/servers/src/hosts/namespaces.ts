import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { spawn, type ChildProcess } from 'node:child_process';

/** Reaps whatever is left to it, as process 1 has to, and does nothing else. */
const init = 'while :; do sleep 3600 & wait; done';

/** A set of namespaces that lives as long as its first process. */
export interface Namespaces {
  /** The first process, as it is known outside. */
  readonly pid: number;
  /** The words before a command that is to run inside. */
  readonly inside: readonly [string, ...string[]];
  /** Ends everything inside at once, as a power cut does. */
  end(): Promise<void>;
}

const withinMs = 10_000;

/** Makes namespaces of the kinds that `unshare` is told, e.g. `--net`. They end with this process at the latest. */
export async function makeNamespaces(...kinds: readonly string[]): Promise<Namespaces> {
  const separate = ['--fork', '--kill-child', ...kinds];
  const dying = ['--pdeathsig', 'KILL'];
  const child = spawn('setpriv', [...dying, 'unshare', ...separate, 'sh', '-c', init], { stdio: 'ignore' });
  const pid = await firstInside(child);
  const enter = kinds.flatMap((kind) => enterings[kind] ?? []);
  return {
    pid,
    inside: ['nsenter', '--target', String(pid), ...enter, '--'],
    async end() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = new Promise((resolve) => child.once('exit', resolve));
      process.kill(pid, 'SIGKILL');
      await gone;
    },
  };
}

const enterings: Readonly<Record<string, string>> = {
  '--net': '--net',
  '--pid': '--pid',
  '--mount': '--mount',
  '--uts': '--uts',
};

/** `unshare` waits for the one process that is inside. */
async function firstInside(child: ChildProcess): Promise<number> {
  const until = performance.now() + withinMs;
  for (;;) {
    const { pid } = child;
    if (child.exitCode !== null || pid === undefined || performance.now() > until)
      throw new Error('namespaces cannot be made here: it takes root');
    const inside = Number(childrenOf(pid).split(' ')[0]);
    if (inside > 0 && nameOf(inside) === 'sh') return inside;
    await sleep(10);
  }
}

function childrenOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  } catch {
    return '';
  }
}

/** Until it is `sh` it has not left for all its namespaces. */
function nameOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
  } catch {
    return '';
  }
}
