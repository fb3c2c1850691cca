import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { etcdsUnder, killEtcdsUnder } from '@holdfast/test-servers';
import { endHoldfast } from './holdfast.ts';

/** The demo's folder: etcd's data, the repository, and what Holdfast notes; it goes when the demo is stopped. */
export const demoHome = join(tmpdir(), `holdfast-demo-${userInfo().username}`);
export const repository = join(demoHome, 'repository');
export const stateDir = join(demoHome, 'state');
export const clusterFile = join(demoHome, 'cluster.json');

/** Makes the folder anew, for this user only. */
export function makeHome(): void {
  mkdirSync(demoHome, { recursive: true, mode: 0o700 });
}

/**
 * Stops a demo, finished or not: first the restore that might start members, then the members, whoever started them; and
 * removes its folder. Returns whether any member was running.
 */
export async function stopDemo(): Promise<boolean> {
  await endHoldfast();
  const isRunning = etcdsUnder(demoHome).length > 0;
  await killEtcdsUnder(demoHome);
  if (existsSync(demoHome)) rmSync(demoHome, { recursive: true, force: true });
  return isRunning;
}
