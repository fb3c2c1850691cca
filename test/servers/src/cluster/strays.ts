import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** An etcd of this machine, known by where its data lies. */
export interface RunningEtcd {
  readonly pid: number;
  readonly dataDir: string;
}

/**
 * The etcds whose data lies below a folder, whoever started them. A noted process id might belong to someone else by
 * now; this cannot.
 */
export function etcdsUnder(folder: string): RunningEtcd[] {
  return readdirSync('/proc')
    .map(Number)
    .filter(Number.isInteger)
    .flatMap((pid) => {
      const dataDir = dataDirOf(pid);
      return dataDir?.startsWith(`${folder}/`) === true ? [{ pid, dataDir }] : [];
    });
}

/** Kills them, and waits until they are gone. */
export async function killEtcdsUnder(folder: string): Promise<void> {
  for (let found = etcdsUnder(folder); found.length > 0; found = etcdsUnder(folder)) {
    for (const { pid } of found) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It ended by itself meanwhile.
      }
    }
    await sleep(10);
  }
}

function dataDirOf(pid: number): string | undefined {
  try {
    // A process that has ended and was not waited for has no words.
    const [program = '', ...args] = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    if (!program.endsWith('/etcd')) return undefined;
    return args.find((each) => each.startsWith('--data-dir='))?.slice('--data-dir='.length);
  } catch {
    return undefined;
  }
}
