import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { Channel } from './channel.ts';
import { parseEndpoints } from './endpoint.ts';

test('closed before it is connected, it ends with the reason of its caller and with nothing else', async () => {
  const server = createServer((socket) => socket.on('error', () => undefined)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const crashes: unknown[] = [];
  const note = (error: unknown): void => void crashes.push(error);
  process.prependListener('uncaughtException', note);
  try {
    const { port } = server.address() as AddressInfo;
    const [endpoint] = parseEndpoints([`http://127.0.0.1:${port}`], false);
    const channel = new Channel(endpoint!, undefined);
    const abort = new AbortController();
    const reason = new Error('enough');
    const call = { path: '/x/y', headers: {}, message: new Uint8Array(), onData: () => undefined };
    const ended = expect(channel.exchange({ ...call, signal: abort.signal })).rejects.toBe(reason);
    // From here on the connection is made while nobody wants it any more.
    abort.abort(reason);
    channel.close();
    await ended;
    for (let turn = 0; turn < 20; turn += 1) await new Promise(setImmediate);
    expect(crashes).toEqual([]);
  } finally {
    process.off('uncaughtException', note);
    server.close();
  }
});
