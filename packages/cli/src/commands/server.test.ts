import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@holdfast/base';
import { expect, test } from 'vitest';
import { holdfast } from '../testing/io.ts';

test.each([
  ['no folder', ['--listen', '127.0.0.1:0'], '--data-dir'],
  ['a certificate without its key', ['--data-dir', '/nowhere', '--tls-cert', 'a.pem'], 'go together'],
  ['a name that no certificate has', ['--data-dir', '/nowhere', '--advertise', 'a.example,b c'], '"b c"'],
  ['a name with a port', ['--data-dir', '/nowhere', '--advertise', 'a.example:9443'], 'without a port'],
  ['no address', ['--data-dir', '/nowhere', '--listen', ':9443'], 'at which address'],
])('a server with %s is not started', async (_, args, why) => {
  const { exit, stderr } = await holdfast(['server', ...args]);
  expect([exit, stderr]).toEqual([2, expect.stringContaining(why)]);
});

test('a server whose address is taken says so and leaves nothing open', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-cli-server-'));
  const taken = createServer();
  await new Promise<void>((resolve) => {
    taken.listen(0, '127.0.0.1', resolve);
  });
  const address = `127.0.0.1:${(taken.address() as AddressInfo).port}`;
  const { exit, stderr } = await holdfast(['server', '--data-dir', folder, '--listen', address]);
  expect([exit, stderr]).toEqual([1, expect.stringContaining(`cannot listen on ${address}`)]);
  taken.close();
  // The one that starts afterwards tells where the password is that the first has made.
  const signal = AbortSignal.abort(new Error('SIGTERM'));
  const args = ['server', '--data-dir', folder, '--listen', '127.0.0.1:0'];
  const then = await holdfast(args, { signal, clock: systemClock });
  expect(then.stderr).toContain(join(folder, 'initial-admin-password'));
  await rm(folder, { recursive: true });
});
