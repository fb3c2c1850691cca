import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { etcdsUnder, killEtcdsUnder } from '@holdfast/test-servers';
import { endHoldfastsUnder, holdfastsUnder } from './holdfast.ts';

/** The demo's folder: everything that its server, its agents and its etcds write; it goes when the demo is stopped. */
export const demoHome = join(tmpdir(), `holdfast-demo-${userInfo().username}`);
export const repository = join(demoHome, 'repository');

/** What is needed to ask the server. */
export const caFile = join(demoHome, 'ca.crt');
export const tokenFile = join(demoHome, 'token');
export const passwordFile = join(demoHome, 'server', 'initial-admin-password');

/** Makes the folder anew, for this user only. */
export function makeHome(): void {
  mkdirSync(demoHome, { recursive: true, mode: 0o700 });
}

/**
 * Stops a demo, finished or not: first the agents that might start members, then the members, whoever started them; and
 * removes its folder. Returns whether anything was running.
 */
export async function stopDemo(): Promise<boolean> {
  const isRunning = holdfastsUnder(demoHome).length + etcdsUnder(demoHome).length > 0;
  await endHoldfastsUnder(demoHome);
  await killEtcdsUnder(demoHome);
  if (existsSync(demoHome)) rmSync(demoHome, { recursive: true, force: true, maxRetries: 3 });
  return isRunning;
}
