import type { Server } from 'node:https';
import type { Socket } from 'node:net';

/** The connections of a server, from their first moment on. */
export interface Connections {
  /** Ends all of them, also those that have not come as far as HTTP. */
  end(): void;
}

/** Milliseconds in which a client has to begin to speak. */
const silenceMs = 30_000;

/**
 * Sets TLS up for each connection once its first bytes are there, in place of at once. Node has a TLS connection keep a
 * buffer of 64 KiB for what comes in, but one as large as its first bytes where these were read before: 1 to 2 KiB. Of
 * thousands of agents that wait for news that is most of the memory.
 */
export function takeFirstBytes(server: Server): Connections {
  const all = new Set<Socket>();
  const [setUp] = server.listeners('connection') as ((socket: Socket) => void)[];
  if (setUp === undefined) throw new Error('this server sets no TLS up');
  server.removeListener('connection', setUp);
  server.on('connection', (socket: Socket) => {
    all.add(socket);
    socket.once('close', () => all.delete(socket));
    const end = (): void => {
      socket.destroy();
    };
    socket.on('error', end);
    socket.setTimeout(silenceMs, end);
    socket.once('readable', () => {
      // Where it has ended there is nothing to read.
      if (socket.readableLength === 0) return end();
      socket.setTimeout(0);
      socket.removeListener('timeout', end);
      setUp.call(server, socket);
    });
  });
  return {
    end: () => {
      for (const socket of all) socket.destroy();
    },
  };
}
