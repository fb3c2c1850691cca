import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { systemClock } from '@holdfast/base';
import { afterEach, expect, test, vi } from 'vitest';
import { openS3 } from './open.ts';
import { quiet } from './testing/settings-of.ts';

let proxy: Server | undefined;
const open = new Set<Duplex>();
afterEach(() => {
  proxy?.closeAllConnections();
  proxy?.close();
});

/** What comes of a question to a server behind a proxy that makes no tunnel, and answers this in its place. */
async function throughProxy(answer: string): Promise<unknown> {
  const started = createServer().on('connect', (_, socket) => {
    socket.on('error', () => undefined).on('end', () => socket.end());
    socket.resume().write(answer);
    open.add(socket.once('close', () => open.delete(socket)));
  });
  proxy = started;
  await new Promise<void>((resolve) => started.listen(0, '127.0.0.1', resolve));
  const settings = {
    bucket: 'bucket',
    endpoint: 'https://s3.invalid',
    proxy: `http://user:word@127.0.0.1:${(started.address() as AddressInfo).port}`,
    credentials: { accessKeyId: 'a', secretAccessKey: 's' },
  };
  const clock = { ...systemClock, sleep: () => Promise.resolve() };
  const storage = await openS3(settings, { ...quiet, clock });
  return storage.get('k', 99).catch((error: unknown) => error);
}

test('what a proxy says in the place of the server is not taken for its answer', async () => {
  const forged = 'HTTP/1.1 206 OK\r\nContent-Range: bytes 0-3/4\r\nContent-Length: 4\r\n\r\nevil';
  expect(await throughProxy(forged)).toMatchObject({
    code: 's3-unreachable',
    why: 'the proxy opens no way to it (206)',
  });
  // A connection that stays would keep the process from ending.
  await vi.waitFor(() => expect(open.size).toBe(0));
});

test('a proxy that wants credentials is told from a server that does', async () => {
  const answer = 'HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n';
  expect(await throughProxy(answer)).toMatchObject({
    code: 's3-unreachable',
    why: 'the proxy wants credentials',
  });
});
