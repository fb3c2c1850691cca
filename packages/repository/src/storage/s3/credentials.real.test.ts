import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { s3OrSkip, s3Server, type S3Server } from '@holdfast/test-servers';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { openS3 } from './open.ts';
import type { S3Credentials, S3Settings } from './settings.ts';
import { credentialsOf, hurried, quiet, settingsOf } from './testing/settings-of.ts';

const small = Buffer.from('x');
const base = mkdtempSync(join(tmpdir(), 'holdfast-credentials-'));
afterAll(() => rmSync(base, { recursive: true, force: true }));

/** As the services of instances and containers tell keys. They are asked for anew five minutes before the end. */
function told({ accessKeyId, secretAccessKey, sessionToken = '' }: S3Credentials, minutes: number): string {
  const Expiration = new Date(Date.now() + minutes * 60_000).toISOString();
  const keys = { AccessKeyId: accessKeyId, SecretAccessKey: secretAccessKey, Token: sessionToken };
  return JSON.stringify({ Code: 'Success', Type: 'AWS-HMAC', ...keys, Expiration });
}

/** As AWS's token service tells them. */
const xml = (keys: S3Credentials, minutes: number): string =>
  `<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
  <AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>${keys.accessKeyId}</AccessKeyId>
  <SecretAccessKey>${keys.secretAccessKey}</SecretAccessKey><SessionToken>${keys.sessionToken ?? ''}</SessionToken>
  <Expiration>${new Date(Date.now() + minutes * 60_000).toISOString()}</Expiration></Credentials>
  </AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>`;

/** The first answer that is asked for, then the second one for ever. */
function first(one: string, two: string): () => string {
  const left = [one];
  return () => left.pop() ?? two;
}

/** Answers only those who have got a token before. */
const guarded = (answer: () => string) => (request: IncomingMessage) =>
  request.headers['x-aws-ec2-metadata-token'] === 'token' ? answer() : undefined;

/** Keys in the file that AWS's tools share. */
const write = ({ accessKeyId, secretAccessKey }: S3Credentials): void =>
  writeFileSync(
    join(base, 'keys'),
    `[default]\naws_access_key_id=${accessKeyId}\naws_secret_access_key=${secretAccessKey}\n`,
  );

describe.skipIf((await s3OrSkip('minio')).skip)('credentials', () => {
  let server: S3Server;
  let settings: S3Settings;
  /** May only read: that it is refused to write shows whose keys were used. */
  let reader: S3Credentials;
  let writer: S3Credentials;
  let service: Server;
  let url: string;
  /** What the services answer, by method and path. */
  const answers = new Map<string, (request: IncomingMessage) => string | undefined>();
  let asked: string[];
  beforeAll(async () => {
    server = await s3Server('minio');
    await server.makeBucket('plain');
    reader = credentialsOf(await server.limitedUser('plain', ['s3:GetObject', 's3:ListBucket']));
    writer = credentialsOf(server);
    service = createServer((request, response) => {
      const { method = '', url: path = '' } = request;
      asked.push(`${method} ${path}`);
      const answer = answers.get(`${method} ${path}`)?.(request);
      request.resume().once('end', () => response.writeHead(answer === undefined ? 404 : 200).end(answer));
    });
    await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(service.address() as AddressInfo).port}`;
  });
  afterAll(async () => {
    service?.closeAllConnections();
    service?.close();
    await server?.[Symbol.asyncDispose]();
  });
  beforeEach(() => {
    asked = [];
    const { credentials: _, ...without } = settingsOf(server, 'plain');
    settings = without;
    for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) vi.stubEnv(name, undefined);
    vi.stubEnv('AWS_CONFIG_FILE', join(base, 'none'));
    vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', join(base, 'keys'));
    rmSync(join(base, 'keys'), { force: true });
  });
  afterEach(() => {
    answers.clear();
    vi.unstubAllEnvs();
  });

  /** The keys that may only read are followed by those that may write, in a storage that stays open. */
  async function takesUpNewOnes(): Promise<void> {
    const storage = await openS3(settings, { ...quiet, clock: hurried });
    await expect(storage.put('k', small)).rejects.toMatchObject({ code: 's3-permission' });
    await vi.waitFor(async () => expect(await storage.put('k', small)).toBe(true), { interval: 100 });
  }

  test('of an instance are got with a token (IMDSv2), and new ones taken up without a restart', async () => {
    vi.stubEnv('AWS_EC2_METADATA_SERVICE_ENDPOINT', url);
    const path = '/latest/meta-data/iam/security-credentials';
    const keys = first(told(reader, 1), told(writer, 60));
    answers.set('PUT /latest/api/token', () => 'token');
    answers.set(
      `GET ${path}/`,
      guarded(() => 'role'),
    );
    answers.set(`GET ${path}/role`, guarded(keys));
    await takesUpNewOnes();
    expect(asked.slice(0, 3)).toEqual(['PUT /latest/api/token', `GET ${path}/`, `GET ${path}/role`]);
  });

  test('of a container are got with the token of its file, and new ones taken up without a restart', async () => {
    writeFileSync(join(base, 'token'), 'authorized');
    vi.stubEnv('AWS_CONTAINER_CREDENTIALS_FULL_URI', `${url}/keys`);
    vi.stubEnv('AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE', join(base, 'token'));
    const keys = first(told(reader, 1), told(writer, 60));
    answers.set('GET /keys', ({ headers }) => (headers.authorization === 'authorized' ? keys() : undefined));
    await takesUpNewOnes();
  });

  test('of a web identity are got from the token service, and new ones taken up without a restart', async () => {
    writeFileSync(join(base, 'identity'), 'identity');
    vi.stubEnv('AWS_WEB_IDENTITY_TOKEN_FILE', join(base, 'identity'));
    vi.stubEnv('AWS_ROLE_ARN', 'arn:aws:iam::123456789012:role/holdfast');
    vi.stubEnv('AWS_ENDPOINT_URL_STS', url);
    answers.set('POST /', first(xml(reader, 1), xml(writer, 60)));
    await takesUpNewOnes();
  });

  test('that were replaced in a file before their end are taken up when the server refuses the old ones', async () => {
    write({ ...writer, accessKeyId: 'REMOVED' });
    const storage = await openS3(settings, { ...quiet, clock: hurried });
    await expect(storage.put('k', small)).rejects.toMatchObject({ code: 's3-credentials' });
    write(writer);
    expect(await storage.put('k', small)).toBe(true);
  });

  test('of the variables come before those of a container', async () => {
    vi.stubEnv('AWS_CONTAINER_CREDENTIALS_FULL_URI', `${url}/keys`);
    vi.stubEnv('AWS_ACCESS_KEY_ID', writer.accessKeyId);
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', writer.secretAccessKey);
    expect(await (await openS3(settings, quiet)).put('k', small)).toBe(true);
    expect(asked).toEqual([]);
  });

  test("of a role are got from a token service of one's own, which has the CA of the S3 server", async () => {
    const role = { arn: 'arn:aws:iam::123456789012:role/holdfast', endpoint: server.endpoint };
    const storage = await openS3({ ...settings, credentials: writer, role }, quiet);
    expect(await storage.put('k', small)).toBe(true);
    expect(await storage.get('k', 9)).toEqual(new Uint8Array(small));
  });

  test("AWS's token services get neither the trust nor the proxy that were set for the S3 server", async () => {
    const tunnels: string[] = [];
    const proxy = createServer().on('connect', ({ url: to = '' }, socket) => {
      tunnels.push(to);
      socket.on('error', () => undefined).destroy();
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    const way = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
    try {
      const role = { arn: 'arn:aws:iam::123456789012:role/holdfast' };
      const own = { ...settings, credentials: writer, role, skipVerify: true, proxy: 'none' };
      const variables = { HTTPS_PROXY: way };
      const storage = await openS3(own, { ...quiet, variables, clock: hurried });
      await expect(storage.put('k', small)).rejects.toMatchObject({ code: 's3-unreachable' });
      // The S3 server is asked without the proxy, and AWS by the one of the variables.
      expect(new Set(tunnels)).toEqual(new Set(['sts.us-east-1.amazonaws.com:443']));
    } finally {
      proxy.closeAllConnections();
      proxy.close();
    }
  });

  test("objects are encrypted with a key of the server's key service", async () => {
    const keyId = 'holdfast-test';
    const encryption = { kind: 'kms', keyId } as const;
    const storage = await openS3({ ...settings, credentials: writer, encryption }, quiet);
    expect(await storage.put('small', small)).toBe(true);
    const upload = await storage.create('large');
    await upload.write(Buffer.alloc(6 << 20, 's'));
    expect(await upload.place()).toBe(true);
    expect((await storage.stat('large'))?.size).toBe(6 << 20);
    const unknown = { kind: 'kms', keyId: 'unknown' } as const;
    const other = await openS3({ ...settings, credentials: writer, encryption: unknown }, quiet);
    await expect(other.put('other', small)).rejects.toMatchObject({ code: 's3-refused' });
  });
});
