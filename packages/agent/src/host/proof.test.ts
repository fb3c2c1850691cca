import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { systemClock } from '@holdfast/base';
import { afterEach, expect, test } from 'vitest';
import { testMember } from '../steps/test-restore.ts';
import { hastyClock } from '../testing/call-driver.ts';
import { etcdHost } from './driver.ts';
import { listenersAt } from './listener-owners.ts';
import { proveStopped } from './proof.ts';

let server: Server | undefined;
afterEach(() => server?.close());

async function listenOn(host: string): Promise<number> {
  server = createServer().listen(0, host);
  await once(server, 'listening');
  return (server.address() as { port: number }).port;
}

test.each([
  ['127.0.0.1', '127.0.0.1'],
  ['0.0.0.0', '127.0.0.1'],
  ['::', '127.0.0.1'],
  ['::', '[::1]'],
  ['::1', '[::1]'],
])('who listens on %s is known at %s', async (host, at) => {
  const port = await listenOn(host);
  expect(await listenersAt(`http://${at}:${port}`)).toEqual([process.pid]);
  server?.close();
  expect(await listenersAt(`http://${at}:${port}`)).toEqual([]);
});

test('who listens on another address is not the one', async () => {
  const port = await listenOn('127.0.0.2');
  expect(await listenersAt(`http://127.0.0.1:${port}`)).toEqual([]);
});

test('another program on the port of a stopped etcd is named, and not waited for as long as the step may take', async () => {
  const url = `http://127.0.0.1:${await listenOn('127.0.0.1')}`;
  const { hosted, driver } = etcdHost(testMember('/nowhere', { clientUrls: [url] }), systemClock);
  const before = systemClock.monotonic();
  await expect(proveStopped(hosted, driver, AbortSignal.timeout(60_000), hastyClock)).rejects.toMatchObject({
    code: 'etcd-not-stopped',
    why: `process ${process.pid} (node) listens on ${url}, and has not the data directory /nowhere/data`,
  });
  expect(systemClock.monotonic() - before).toBeLessThan(20_000);
});
