import { createServer, type Socket } from 'node:net';
import { connect } from 'node:tls';
import { freePort, reservePort } from '../cluster/ports.ts';

/** Something that listens on 127.0.0.1 until it is disposed of. */
export interface Listening extends AsyncDisposable {
  readonly endpoint: string;
}

/** Takes connections in plain text and carries their bytes, unchanged, to a TLS server on 127.0.0.1. */
export async function relayToTls(port: number, ca: string): Promise<Listening> {
  const own = await reservePort();
  const open = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect({ port, host: '127.0.0.1', ca });
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      open.add(from);
      from.pipe(to);
      from.on('error', () => to.destroy());
      from.on('close', () => {
        open.delete(from);
        to.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(own, '127.0.0.1', resolve));
  return {
    endpoint: `http://127.0.0.1:${own}`,
    async [Symbol.asyncDispose]() {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
      freePort(own);
    },
  };
}
