import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** The demo's folder: etcd's data, certificates and the repository; it goes when the demo is stopped. */
export const demoHome = join(tmpdir(), `holdfast-demo-${userInfo().username}`);

const note = join(demoHome, 'demo.json');

/** Makes the folder anew, for this user only. */
export function makeHome(): void {
  mkdirSync(demoHome, { recursive: true, mode: 0o700 });
}

/** Notes the processes of a demo that goes on running, so that a later `--stop` finds them. */
export function noteRunning(pids: readonly number[]): void {
  writeFileSync(note, JSON.stringify({ pids }));
}

/** Stops an earlier demo and removes its folder. Returns whether there was one. */
export async function stopDemo(): Promise<boolean> {
  if (!existsSync(demoHome)) return false;
  const { pids } = existsSync(note)
    ? (JSON.parse(readFileSync(note, 'utf8')) as { pids: number[] })
    : { pids: [] };
  for (const pid of pids.filter(isOurs)) process.kill(pid, 'SIGTERM');
  for (let tries = 0; pids.some(isOurs) && tries < 100; tries++) await sleep(100);
  for (const pid of pids.filter(isOurs)) process.kill(pid, 'SIGKILL');
  rmSync(demoHome, { recursive: true, force: true });
  return pids.length > 0;
}

/** A process id may have gone to someone else: only one whose command line names our folder is ours. */
function isOurs(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(demoHome);
  } catch {
    return false;
  }
}
