import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure } from '@holdfast/base';

/** Where an agent of a fleet keeps what it has to know after a restart: `<state-dir>/fleet/`, for its own user only. */
export interface FleetFolder {
  readonly path: string;
  /** The private key, PEM. */
  readonly key: string;
  readonly identity: string;
  readonly assignment: string;
  readonly orders: string;
  readonly ownRuns: string;
}

/** @param stateDir as `--state-dir` names it */
export function fleetFolder(stateDir: string): FleetFolder {
  const path = join(stateDir, 'fleet');
  return {
    path,
    key: join(path, 'key.pem'),
    identity: join(path, 'identity.json'),
    assignment: join(path, 'assignment.json'),
    orders: join(path, 'orders'),
    ownRuns: join(path, 'own-runs.json'),
  };
}

/** Makes it, where it is not there. @throws Failure file-unwritable */
export async function makeFleetFolder({ orders }: FleetFolder): Promise<void> {
  try {
    await mkdir(orders, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw new Failure('file-unwritable', (cause as Error).message, { path: orders }, { cause });
  }
}
