import { readFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { isFailure, systemClock } from '@holdfast/base';
import {
  etcdMinors,
  etcdOrSkip,
  freePort,
  reservePort,
  startCluster,
  type EtcdCluster,
} from '@holdfast/test-servers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { optionsOf } from './testing/client-of-cluster.ts';
import { connectEtcd, type EtcdOptions } from './client.ts';

async function failureOf(options: EtcdOptions): Promise<string> {
  await using client = connectEtcd(options);
  try {
    await client.survey();
  } catch (error) {
    if (isFailure(error)) return `${error.code}: ${error.why}`;
    throw error;
  }
  return 'none';
}

describe.each(etcdMinors)('etcd %s with TLS client certificates', async (version) => {
  const { skip } = await etcdOrSkip(version);
  let cluster: EtcdCluster;
  let sound: EtcdOptions;
  let pem: { ca: Buffer; cert: Buffer; key: Buffer; wrongCa: Buffer; wrongCert: Buffer; wrongKey: Buffer };

  beforeAll(async () => {
    if (skip) return;
    cluster = await startCluster({ version, tls: true });
    sound = await optionsOf(cluster);
    const { cacert, cert, key, wrongCacert, wrongCert, wrongKey } = cluster.tls!;
    const [ca, own, ownKey, wrongCa, other, otherKey] = await Promise.all(
      [cacert, cert, key, wrongCacert, wrongCert, wrongKey].map(async (path) => await readFile(path)),
    );
    pem = { ca: ca!, cert: own!, key: ownKey!, wrongCa: wrongCa!, wrongCert: other!, wrongKey: otherKey! };
  });
  afterAll(async () => {
    await cluster?.[Symbol.asyncDispose]();
  });

  test.skipIf(skip)('with what belongs to it there is no failure', async () => {
    expect(await failureOf(sound)).toBe('none');
  });

  test.skipIf(skip)('each way to be refused is told apart', async () => {
    const { ca, cert, key, wrongCa, wrongCert, wrongKey } = pem;
    const found = {
      'wrong CA': await failureOf({ ...sound, tls: { ca: wrongCa, cert, key } }),
      'no CA': await failureOf({ ...sound, tls: { cert, key } }),
      'no client certificate': await failureOf({ ...sound, tls: { ca } }),
      "another CA's client certificate": await failureOf({
        ...sound,
        tls: { ca, cert: wrongCert, key: wrongKey },
      }),
      'http asked for': await failureOf({
        endpoints: [cluster.endpoints[0]!.replace('https', 'http')],
        clock: systemClock,
      }),
      'wrong name': (await failureOf({ ...sound, serverName: 'elsewhere.example' })).replace(
        /(altnames).*/,
        '$1',
      ),
    };
    expect(found).toEqual({
      'wrong CA': 'etcd-tls: its certificate is not signed by a trusted CA',
      'no CA': 'etcd-tls: its certificate is not signed by a trusted CA',
      'no client certificate': 'etcd-tls: it wants a client certificate, and none was given',
      "another CA's client certificate": 'etcd-tls: it refused the client certificate',
      'http asked for': 'etcd-tls: it serves https, and http was asked for',
      'wrong name': "etcd-tls: Hostname/IP does not match certificate's altnames",
    });
  });
});

describe.skipIf((await etcdOrSkip('3.6')).skip)('etcd 3.6 without TLS', () => {
  let cluster: EtcdCluster;
  beforeAll(async () => {
    cluster = await startCluster({ version: '3.6' });
  });
  afterAll(async () => cluster[Symbol.asyncDispose]());

  test('https is told to be http', async () => {
    const endpoints = [cluster.endpoints[0]!.replace('http', 'https')];
    expect(await failureOf({ endpoints, clock: systemClock })).toBe(
      'etcd-tls: it broke off the handshake; it may serve http',
    );
  });
});

describe('where no etcd is', () => {
  test('a closed port refuses, a name that does not exist is not found', async () => {
    const port = await reservePort();
    const closed = await failureOf({ endpoints: [`127.0.0.1:${port}`], clock: systemClock });
    expect(closed).toBe(`etcd-unreachable: connect ECONNREFUSED 127.0.0.1:${port}`);
    freePort(port);
    const nowhere = await failureOf({ endpoints: ['http://etcd.invalid:2379'], clock: systemClock });
    expect(nowhere).toMatch(/^etcd-unreachable: getaddrinfo E(NOTFOUND|AI_AGAIN) etcd.invalid/);
  });

  test.each([
    ['says nothing', () => undefined, 'no answer within 5000 ms'],
    ['hangs up', (socket: { end(): void }) => socket.end(), 'the connection was closed'],
    [
      'speaks HTTP/1',
      (socket: { end(text: string): void }) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'),
      'Protocol error',
    ],
  ])('a server that %s is unreachable', async (_, answer, why) => {
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      answer(socket);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    // Its five seconds pass at once.
    const clock = {
      ...systemClock,
      sleep: async (ms: number, signal?: AbortSignal) => systemClock.sleep(ms / 50, signal),
    };
    try {
      expect(await failureOf({ endpoints: [`127.0.0.1:${port}`], clock })).toBe(`etcd-unreachable: ${why}`);
    } finally {
      server.close();
    }
  });
});
