import { rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { reservePort } from '@holdfast/test-servers';
import type { DriverUnderTest } from './driver-conformance.ts';

const script = new URL('./slow-server.ts', import.meta.url).pathname;

/** A small real program under the name of a part of the control plane, or of etcd. */
export interface SlowServer {
  readonly command: readonly string[];
  readonly url: string;
  readonly spoil: DriverUnderTest['spoil'];
}

/** Makes one in a folder: it listens, is ready after a while, and dies at once while there is a file `spoiled` in it. */
export async function makeSlowServer(
  dir: string,
  name: string,
  readyAfterMs: number,
  portFlag: 'secure-port' | 'healthz-port' = 'secure-port',
): Promise<SlowServer> {
  const program = join(dir, name);
  await symlink(process.execPath, program);
  const port = await reservePort();
  const mark = join(dir, 'spoiled');
  return {
    command: [program, script, `--${portFlag}=${port}`, `--spoiled=${mark}`, `--ready-after=${readyAfterMs}`],
    url: `http://127.0.0.1:${port}`,
    spoil: async () => {
      await writeFile(mark, '');
      return async () => rm(mark);
    },
  };
}

/** What is the same of every driver's part of the control plane. */
export const componentUnderTest = {
  notStopped: 'component-not-stopped',
  notStarted: 'component-not-started',
  spoiled: /it was spoiled/,
} as const;
