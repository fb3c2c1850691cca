import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, request, type Server } from 'node:https';
import { connect, createServer as createRelay, type AddressInfo, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openAuthority } from '../pki/authority.ts';
import { serverTls } from '../pki/server-tls.ts';
import { testContext } from '../testing/context.ts';
import { takeFirstBytes, type Connections } from './connections.ts';

let server: Server;
let connections: Connections;
beforeEach(async () => {
  await using context = await testContext();
  const authority = await openAuthority(context);
  const { options } = await serverTls(context, authority, { advertised: [], files: null });
  server = createServer(options, (asked, reply) => {
    const hash = createHash('sha256');
    asked.on('data', (part: Buffer) => hash.update(part));
    asked.on('end', () => reply.end(hash.digest('hex')));
  });
  connections = takeFirstBytes(server);
  await once(server.listen(0, '127.0.0.1'), 'listening');
});
afterEach(async () => {
  const closed = once(server, 'close');
  server.close();
  connections.end();
  await closed;
});

const portOf = (of: Pick<Server, 'address'>): number => (of.address() as AddressInfo).port;

/** The hash of a body, as the server has got it. */
async function told(body: Buffer, port = portOf(server)): Promise<string> {
  const asked = request({
    ...{ host: '127.0.0.1', port, method: 'POST', agent: false, rejectUnauthorized: false },
  });
  asked.end(body);
  const [reply] = (await once(asked, 'response')) as [AsyncIterable<Buffer>];
  let text = '';
  for await (const part of reply) text += String(part);
  return text;
}

const hashOf = (body: Buffer): string => createHash('sha256').update(body).digest('hex');

test('what is much larger than the first bytes comes whole', async () => {
  const bodies = [1, 3_000, 100_000, 5_000_000].map((length) => randomBytes(length));
  expect(await Promise.all(bodies.map((body) => told(body)))).toEqual(bodies.map((body) => hashOf(body)));
});

test('a client whose first bytes come one by one is served', async () => {
  const relay = createRelay((from) => {
    const to = connect(portOf(server), '127.0.0.1').setNoDelay(true);
    to.pipe(from);
    from.once('data', (first: Buffer) => {
      from.pause();
      void (async () => {
        for (const byte of first.subarray(0, 20)) {
          await new Promise((written) => to.write(Buffer.of(byte), written));
          await new Promise((turn) => setImmediate(turn));
        }
        to.write(first.subarray(20));
        from.pipe(to);
      })();
    });
  });
  await once(relay.listen(0, '127.0.0.1'), 'listening');
  const body = randomBytes(50_000);
  expect(await told(body, portOf(relay))).toBe(hashOf(body));
  relay.close();
});

async function client(says: string | null): Promise<Socket> {
  const socket = connect(portOf(server), '127.0.0.1').resume();
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  if (says !== null) socket.write(says);
  return socket;
}

test('what is no TLS, and who hangs up, harms nobody else', async () => {
  const plain = await client('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
  await once(plain, 'close');
  const gone = await client(null);
  gone.end();
  await once(gone, 'close');
  const reset = await client(null);
  reset.resetAndDestroy();
  expect(await told(Buffer.from('x'))).toBe(hashOf(Buffer.from('x')));
});

test('who says nothing keeps the server from no end', async () => {
  const silent = await client(null);
  await told(Buffer.from('x'));
  const closed = Promise.all([once(silent, 'close'), once(server, 'close')]);
  server.close();
  connections.end();
  await closed;
  server.listen(0, '127.0.0.1');
});
