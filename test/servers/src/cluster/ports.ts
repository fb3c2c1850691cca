import { mkdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { claim, handOver, release } from '../obtain/claim.ts';

/**
 * Below the ports that the kernel hands out for outgoing connections (from 32768 on Linux), so that no
 * client's socket takes the port of a member that is stopped for a while.
 */
const first = 20_000;
const count = 12_000;

const claimed = new Set<number>();
let next = Math.floor(Math.random() * count);

/** Reserves a free port of 127.0.0.1 among all the processes that use this, until it is given back. */
export async function reservePort(): Promise<number> {
  for (let tries = 0; tries < count; tries++) {
    const port = first + (next++ % count);
    if (!claim(claimPath(port))) continue;
    if (await canListen(port)) {
      claimed.add(port);
      return port;
    }
    release(claimPath(port));
  }
  throw new Error('no free port on 127.0.0.1');
}

/** Gives a port back. */
export function freePort(port: number): void {
  if (claimed.delete(port)) release(claimPath(port));
}

/** Keeps a port reserved for as long as another process lives. */
export function leavePort(port: number, pid: number): void {
  if (claimed.delete(port)) handOver(claimPath(port), pid);
}

process.on('exit', () => {
  for (const port of claimed) release(claimPath(port));
});

function claimPath(port: number): string {
  const folder = join(tmpdir(), `holdfast-ports-${process.getuid?.() ?? 0}`);
  mkdirSync(folder, { recursive: true });
  return join(folder, String(port));
}

async function canListen(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
