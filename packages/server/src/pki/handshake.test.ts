import { once } from 'node:events';
import { writeFile, utimes } from 'node:fs/promises';
import { createServer, request, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { connect, type SecureVersion, type TLSSocket } from 'node:tls';
import { X509Certificate } from 'node:crypto';
import { isFailure } from '@holdfast/base';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { handClock } from '../testing/hand-clock.ts';
import { testContext, type TestContext } from '../testing/context.ts';
import { agentCaller } from './agent-caller.ts';
import { issueAgentCertificate } from './agent-certificate.ts';
import { openAuthority, type Authority } from './authority.ts';
import { serverTls, type ServerTls } from './server-tls.ts';
import { startOpenssl, type Openssl } from './testing/openssl.ts';

const agent = { node: 'n-7f3kq', cluster: 'c-m2x8w' };
const day = 24 * 3_600_000;
let context: TestContext & { readonly authority: Authority };
let openssl: Openssl;
let stack: AsyncDisposableStack;

beforeEach(async () => {
  stack = new AsyncDisposableStack();
  // TLS looks at the time of this machine.
  const own = stack.use(await testContext());
  const clock = handClock(new Date().toISOString());
  context = { ...own, clock, authority: await openAuthority({ ...own, clock }) };
  openssl = stack.use(await startOpenssl());
});
afterEach(() => stack.disposeAsync());

/** A server that tells which agent asks, or why it does not know. */
async function listen(
  tls: ServerTls,
  authority = context.authority,
): Promise<{ readonly port: number; readonly server: Server }> {
  const server = createServer(tls.options, ({ socket }, response) => {
    try {
      const { node, cluster } = agentCaller({ clock: context.clock, authority }, socket as TLSSocket, '::1');
      response.end(`${node} of ${cluster}`);
    } catch (error) {
      response.end(isFailure(error) ? error.why : String(error));
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  stack.defer(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });
  return { port: (server.address() as AddressInfo).port, server };
}

interface Client {
  readonly cert?: string;
  readonly key?: string;
  readonly ca?: string;
  readonly servername?: string;
}

async function ask(port: number, client: Client = {}): Promise<string> {
  const asked = request({
    host: '127.0.0.1',
    port,
    agent: false,
    ca: context.authority.certificate,
    ...client,
  });
  asked.end();
  const [response] = (await once(asked, 'response')) as [NodeJS.ReadableStream];
  let text = '';
  for await (const part of response) text += String(part);
  return text;
}

async function shownBy(port: number, ca = context.authority.certificate): Promise<X509Certificate> {
  // Also one that begins when the clock of a test says so.
  const socket = connect({ host: '127.0.0.1', port, ca, rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  const certificate = socket.getPeerX509Certificate()!;
  socket.destroy();
  return certificate;
}

/** @returns whether the session was taken up again, and the reply */
async function get(socket: TLSSocket): Promise<string> {
  await once(socket, 'secureConnect');
  const isReused = socket.isSessionReused();
  socket.write('GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n');
  let text = '';
  for await (const part of socket) text += String(part);
  return `${isReused} ${text.split('\r\n\r\n')[1]}`;
}

async function agentOf(authority = context.authority, of = agent, kind = 'P-256') {
  const { key, csr } = await openssl.request(kind);
  const { certificate } = await issueAgentCertificate(context, authority, csr, of);
  return { key, cert: certificate };
}

const ownTls = (advertised: readonly string[] = []) =>
  serverTls(context, context.authority, { advertised, files: null });

test.each(['P-256', 'rsa:2048'])('an agent with a key of %s is known by its certificate', async (kind) => {
  const { port } = await listen(await ownTls());
  expect(await ask(port, await agentOf(context.authority, agent, kind))).toBe('n-7f3kq of c-m2x8w');
});

test('people without a certificate are served, and are no agents', async () => {
  const { port } = await listen(await ownTls());
  expect(await ask(port)).toBe('the connection shows no client certificate');
});

test('a certificate of another CA is not one of this fleet, even with the same names', async () => {
  await using other = await testContext();
  const strange = await openAuthority({ ...other, clock: context.clock });
  const { port } = await listen(await ownTls());
  expect(await ask(port, await agentOf(strange))).toBe('the client certificate is not of this fleet');
});

test('the certificate of a server makes no agent', async () => {
  const tls = await ownTls();
  const { port } = await listen(tls);
  const { cert, key } = tls.options as { readonly cert: string; readonly key: string };
  expect(await ask(port, { cert, key })).toBe('the client certificate is not one of an agent');
});

test.each([
  ['a name of nobody', [{ type: 'dns', value: 'ann.example' }]],
  [
    'two nodes',
    [
      { type: 'dns', value: 'n-7f3kq.node.holdfast' },
      { type: 'url', value: 'holdfast:cluster:c-m2x8w:node:n-other' },
    ],
  ],
  [
    'an id of another shape',
    [
      { type: 'dns', value: 'n-X.node.holdfast' },
      { type: 'url', value: 'holdfast:cluster:c-m2x8w:node:n-X' },
    ],
  ],
  [
    'a second address',
    [
      { type: 'dns', value: 'n-7f3kq.node.holdfast' },
      { type: 'url', value: 'holdfast:cluster:c-m2x8w:node:n-7f3kq' },
      { type: 'url', value: 'holdfast:cluster:c-other:node:n-other' },
    ],
  ],
] as const)('a certificate of our CA for %s makes no agent', async (_, names) => {
  const { cert: right, key } = await agentOf();
  const publicKey = new X509Certificate(right).publicKey.export({ type: 'spki', format: 'der' });
  const now = context.clock.now().getTime();
  const cert = await context.authority.sign({
    publicKey,
    subject: [{ CN: ['n-7f3kq'] }],
    names: [...names],
    usages: ['client'],
    notBefore: new Date(now - day),
    notAfter: new Date(now + day),
  });
  const { port } = await listen(await ownTls());
  expect(await ask(port, { cert, key })).toBe('the client certificate is not one of an agent');
});

test('a certificate that ends while the connection lives is not let in any more', async () => {
  const { port } = await listen(await ownTls());
  const { cert, key } = await agentOf();
  expect(await ask(port, { cert, key })).toBe('n-7f3kq of c-m2x8w');
  context.clock.advance(30 * day + 1_000);
  expect(await ask(port, { cert, key })).toBe('the certificate of this agent is not in date');
});

test('an agent is known also where the TLS session is taken up again', async () => {
  const { port } = await listen(await ownTls());
  const client = { ...(await agentOf()), ca: context.authority.certificate, host: '127.0.0.1', port };
  const first = connect(client);
  let session: Buffer | undefined;
  first.on('session', (ticket) => (session = ticket));
  expect(await get(first)).toContain('false');
  expect(await get(connect({ ...client, session }))).toMatch(/^true .*n-7f3kq of c-m2x8w/s);
});

test('TLS 1.1 is refused', async () => {
  const { port } = await listen(await ownTls());
  const ca = context.authority.certificate;
  const old = { maxVersion: 'TLSv1.1' as SecureVersion, minVersion: 'TLSv1' as SecureVersion };
  const socket = connect({ host: '127.0.0.1', port, ca, ...old, ciphers: 'DEFAULT@SECLEVEL=0' });
  await expect(once(socket, 'secureConnect')).rejects.toThrow(/protocol version|unsupported protocol|EPROTO/);
});

test('the server is known by each of its names, and by the hash of its CA', async () => {
  const tls = await ownTls([
    'https://backup.example:8443/',
    '192.0.2.7',
    '[2001:db8::7]',
    'a b',
    'plain.example',
  ]);
  const { port } = await listen(tls);
  const certificate = await shownBy(port);
  for (const name of ['backup.example', 'plain.example', 'localhost'])
    expect(certificate.checkHost(name)).toBe(name);
  for (const ip of ['127.0.0.1', '::1', '192.0.2.7', '2001:db8::7']) expect(certificate.checkIP(ip)).toBe(ip);
  expect(certificate.checkHost('other.example')).toBeUndefined();
  await openssl.put('ca.pem', context.authority.certificate);
  await openssl.put('server.pem', certificate.toString());
  const verified = await openssl.run(
    ...['verify', '-x509_strict', '-purpose', 'sslserver', '-verify_hostname', 'backup.example'],
    ...['-CAfile', 'ca.pem', 'server.pem'],
  );
  expect(verified).toContain('server.pem: OK');
  const client = openssl.run('verify', '-purpose', 'sslclient', '-CAfile', 'ca.pem', 'server.pem');
  await expect(client).rejects.toThrow();
});

test('its own certificate is made anew when a third of its time is left', async () => {
  const tls = await ownTls();
  const { port, server } = await listen(tls);
  const end = new AbortController();
  const running = tls.run(server, end.signal);
  const serial = async () => (await shownBy(port)).serialNumber;
  const first = await serial();
  context.clock.advance(60 * day - 60_001);
  expect(await serial()).toBe(first);
  await expect
    .poll(async () => {
      context.clock.advance(60_000);
      return serial();
    })
    .not.toBe(first);
  end.abort();
  await running;
});

test('a person brings certificate and key, which are read again when they change; agents stay those of the fleet', async () => {
  await using other = await testContext();
  const theirs = await openAuthority({ ...other, clock: context.clock });
  const files = {
    certificate: join(context.scratchFolder, 'tls.crt'),
    key: join(context.scratchFolder, 'tls.key'),
  };
  const write = async () => {
    const { key, csr } = await openssl.request('P-256');
    const { certificate } = await issueAgentCertificate(context, theirs, csr, agent);
    await writeFile(files.key, key, { mode: 0o600 });
    await writeFile(files.certificate, certificate + theirs.certificate);
    return new X509Certificate(certificate).serialNumber;
  };
  const first = await write();
  const tls = await serverTls(context, context.authority, { advertised: [], files });
  const { port, server } = await listen(tls);
  const end = new AbortController();
  const running = tls.run(server, end.signal);
  const names = { ca: theirs.certificate, servername: `${agent.node}.node.holdfast` };
  const serial = async () => {
    const socket = connect({ host: '127.0.0.1', port, ...names });
    await once(socket, 'secureConnect');
    const { serialNumber } = socket.getPeerX509Certificate()!;
    socket.destroy();
    return serialNumber;
  };
  expect(await serial()).toBe(first);
  expect(await ask(port, { ...names, ...(await agentOf()) })).toBe('n-7f3kq of c-m2x8w');
  expect(await ask(port, { ...names, ...(await agentOf(theirs)) })).toBe(
    'the client certificate is not of this fleet',
  );
  const second = await write();
  await utimes(files.certificate, new Date(), new Date());
  await expect
    .poll(async () => {
      context.clock.advance(60_000);
      return serial();
    })
    .toBe(second);
  // A pair that does not fit is told of, and the old one goes on.
  await writeFile(files.key, (await openssl.request('P-256')).key);
  context.clock.advance(60_000);
  await expect.poll(context.logged).toContain('could not be renewed');
  expect(await serial()).toBe(second);
  end.abort();
  await running;
});

test('files that are none, or do not fit, are refused without showing them', async () => {
  const files = {
    certificate: join(context.scratchFolder, 'tls.crt'),
    key: join(context.scratchFolder, 'tls.key'),
  };
  const make = () => serverTls(context, context.authority, { advertised: [], files });
  await expect(make()).rejects.toMatchObject({ code: 'file-unreadable' });
  await writeFile(files.key, 'a secret that is no key');
  await writeFile(files.certificate, context.authority.certificate);
  const refused = await make().catch((error: unknown) => error);
  expect(refused).toMatchObject({ code: 'certificate-files-invalid' });
  expect(JSON.stringify(refused)).not.toContain('a secret');
  await writeFile(files.key, (await openssl.request('P-256')).key);
  await expect(make()).rejects.toMatchObject({
    why: expect.stringContaining('is not of the certificate') as unknown,
  });
});
