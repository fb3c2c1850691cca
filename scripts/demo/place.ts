import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** The demo's folder: etcd's data, certificates and the repository; it goes when the demo is stopped. */
export const demoHome = join(tmpdir(), `holdfast-demo-${userInfo().username}`);

/** Makes the folder anew, for this user only. */
export function makeHome(): void {
  mkdirSync(demoHome, { recursive: true, mode: 0o700 });
}

/** Stops the members of a demo, finished or not, and removes its folder. Returns whether any was running. */
export async function stopDemo(): Promise<boolean> {
  const pids = members();
  for (const pid of pids) signal(pid, 'SIGTERM');
  for (let tries = 0; members().length > 0 && tries < 100; tries++) await sleep(100);
  for (const pid of members()) signal(pid, 'SIGKILL');
  if (existsSync(demoHome)) rmSync(demoHome, { recursive: true, force: true });
  return pids.length > 0;
}

/** The etcds whose data lies in our folder. A noted process id might belong to someone else by now; this cannot. */
function members(): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => Number.isInteger(pid) && isOurs(pid));
}

function isOurs(pid: number): boolean {
  try {
    const [program = '', ...args] = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    return program.endsWith('/etcd') && args.some((each) => each.startsWith(`--data-dir=${demoHome}/`));
  } catch {
    return false;
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It ended by itself meanwhile.
  }
}
