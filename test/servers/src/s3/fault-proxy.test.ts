import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import {
  AbortMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  ListPartsCommand,
  PutObjectCommand,
  type S3Client,
  type S3ServiceException,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { s3Client } from './client.ts';
import { faultProxy } from './fault-proxy.ts';
import type { Fault, FaultProxy } from './faults.ts';
import { s3OrSkip } from './require.ts';
import { s3Kinds, type S3Server } from './server.ts';
import { s3Server } from './start.ts';

const Bucket = 'faults';
const body = randomBytes(300_000);

for (const kind of s3Kinds) {
  describe.skipIf((await s3OrSkip(kind)).skip)(`a proxy in front of ${kind}`, () => {
    let server: S3Server;
    let proxy: FaultProxy;
    /** Asks once only: a client that asks again would hide what was done to it. */
    let client: S3Client;
    let direct: S3Client;
    let key: string;
    let count = 0;

    beforeAll(async () => {
      server = await s3Server(kind);
      await server.makeBucket(Bucket);
      proxy = await faultProxy({ upstream: server.endpoint, ca: server.ca });
      client = s3Client(proxy.endpoint, proxy.ca, server, { maxAttempts: 1 });
      direct = s3Client(server.endpoint, server.ca, server);
    });

    afterAll(async () => {
      client?.destroy();
      direct?.destroy();
      await proxy?.[Symbol.asyncDispose]();
      await server?.[Symbol.asyncDispose]();
    });

    beforeEach(() => {
      key = `key-${count++}`;
    });

    const put = async (Body: Buffer | string = body, by = client) =>
      by.send(new PutObjectCommand({ Bucket, Key: key, Body }));

    const read = async (by = client): Promise<Buffer> => {
      const { Body } = await by.send(new GetObjectCommand({ Bucket, Key: key }));
      return Buffer.from((await Body?.transformToByteArray()) ?? []);
    };

    const next = (method: string, fault: Fault) =>
      proxy.add({ method, target: new RegExp(`^/${Bucket}/${key}(\\?|$)`), fault });

    const gone = async (): Promise<boolean> =>
      direct.send(new HeadObjectCommand({ Bucket, Key: key })).then(
        () => false,
        ({ name }: Error) => name === 'NotFound',
      );

    const last = () => proxy.requests.at(-1);

    it('lets everything pass that no rule names, signatures stay valid', async () => {
      await put();
      expect((await read()).equals(body)).toBe(true);
      const plain = s3Client(proxy.httpEndpoint, '', server, { maxAttempts: 1 });
      expect((await read(plain)).equals(body)).toBe(true);
      expect(last()).toEqual({
        method: 'GET',
        target: `/${Bucket}/${key}?x-id=GetObject`,
        status: 200,
        fault: undefined,
      });
    });

    it.each([
      [403, 'AccessDenied'],
      [404, 'NoSuchKey'],
      [500, 'InternalError'],
      [503, 'SlowDown'],
    ])('answers %i %s in its place', async (status, code) => {
      const planned = next('PUT', { kind: 'answer', status, code });
      await expect(put()).rejects.toMatchObject({ name: code, $metadata: { httpStatusCode: status } });
      expect(last()).toMatchObject({ status, fault: 'answer' });
      expect(planned.hits).toBe(1);
      expect(await gone()).toBe(true);
      await put();
      expect(await gone()).toBe(false);
    });

    it('answers a HEAD without a body', async () => {
      await put();
      next('HEAD', { kind: 'answer', status: 503, code: 'SlowDown' });
      await expect(client.send(new HeadObjectCommand({ Bucket, Key: key }))).rejects.toMatchObject({
        $metadata: { httpStatusCode: 503 },
      });
    });

    it('cuts a request in the middle of its body: nothing is stored', async () => {
      next('PUT', { kind: 'cut-request', afterBytes: 100_000 });
      await expect(put()).rejects.toMatchObject({ code: expect.stringMatching('ECONNRESET|EPIPE') });
      expect(last()).toMatchObject({ status: undefined, fault: 'cut-request' });
      expect(await gone()).toBe(true);
    });

    it('cuts a part of an upload in its middle: the upload stays open and has no part', async () => {
      const at = { Bucket, Key: key };
      const { UploadId } = await client.send(new CreateMultipartUploadCommand(at));
      next('PUT', { kind: 'cut-request', afterBytes: 3_000_000 });
      const Body = randomBytes(5 * 2 ** 20);
      const cut = client.send(new UploadPartCommand({ ...at, UploadId, PartNumber: 1, Body }));
      await expect(cut).rejects.toMatchObject({ code: expect.stringMatching('ECONNRESET|EPIPE') });
      expect(await server.uploadsIn(Bucket)).toEqual([{ key, uploadId: UploadId }]);
      const { Parts } = await direct.send(new ListPartsCommand({ ...at, UploadId }));
      expect(Parts ?? []).toEqual([]);
      await direct.send(new AbortMultipartUploadCommand({ ...at, UploadId }));
    });

    it('cuts an answer in the middle of its body', async () => {
      await put();
      next('GET', { kind: 'cut-answer', afterBytes: 100_000 });
      const answer = await client.send(new GetObjectCommand({ Bucket, Key: key }));
      expect(answer.ContentLength).toBe(body.length);
      const received: Buffer[] = [];
      const reading = (async () => {
        for await (const chunk of answer.Body as AsyncIterable<Buffer>) received.push(chunk);
      })();
      await expect(reading).rejects.toMatchObject({ code: 'ECONNRESET' });
      expect(Buffer.concat(received).equals(body.subarray(0, 100_000))).toBe(true);
    });

    it('loses the answer of what was done', async () => {
      next('PUT', { kind: 'lost-answer' });
      await expect(put()).rejects.toMatchObject({ code: 'ECONNRESET' });
      expect(last()).toMatchObject({ status: undefined, fault: 'lost-answer' });
      expect((await read(direct)).equals(body)).toBe(true);
    });

    it.each(['PUT', 'GET'])('throttles a %s', async (method) => {
      if (method === 'GET') await put(body.subarray(0, 10_000));
      next(method, { kind: 'throttle', bytesPerSecond: 20_000 });
      const start = performance.now();
      await (method === 'GET' ? read() : put(body.subarray(0, 10_000)));
      expect(performance.now() - start).toBeGreaterThan(490);
      expect((await read(direct)).equals(body.subarray(0, 10_000))).toBe(true);
    });

    it('tears an answer so that it looks whole', async () => {
      await put();
      next('GET', { kind: 'torn-answer', keepBytes: 1000 });
      const answer = await client.send(new GetObjectCommand({ Bucket, Key: key }));
      expect(answer.ContentLength).toBe(1000);
      const bytes = Buffer.from((await answer.Body?.transformToByteArray()) ?? []);
      expect(bytes.equals(body.subarray(0, 1000))).toBe(true);
    });

    it('flips a bit of an answer', async () => {
      await put();
      next('GET', { kind: 'flipped-answer', atByte: 200_000 });
      const bytes = await read();
      bytes[200_000] = (bytes[200_000] ?? 0) ^ 1;
      expect(bytes.equals(body)).toBe(true);
    });

    it('flips a bit of a request, which the server refuses where the body is signed', async () => {
      next('PUT', { kind: 'flipped-request', atByte: 200_000 });
      const plain = s3Client(proxy.httpEndpoint, '', server, { maxAttempts: 1 });
      await expect(put(body, plain)).rejects.toMatchObject({ $metadata: { httpStatusCode: 400 } });
      expect(await gone()).toBe(true);
    });

    it('flips a bit of a request, which the server stores where it is not', async () => {
      next('PUT', { kind: 'flipped-request', atByte: 200_000 });
      // Amazon's client signs what it has at hand, and no stream.
      const Body = Readable.from([body]);
      await client.send(new PutObjectCommand({ Bucket, Key: key, Body, ContentLength: body.length }));
      const bytes = await read(direct);
      bytes[200_000] = (bytes[200_000] ?? 0) ^ 1;
      expect(bytes.equals(body)).toBe(true);
    });

    it('shows another clock', async () => {
      next('PUT', { kind: 'skewed', seconds: 3600 });
      // One of its own: it sets its clock by what it is told.
      const refused = put(body, s3Client(proxy.endpoint, proxy.ca, server, { maxAttempts: 1 }));
      await expect(refused).rejects.toMatchObject({
        name: 'RequestTimeTooSkewed',
        $metadata: { httpStatusCode: 403 },
      });
      const { $response } = (await refused.catch((error: unknown) => error)) as S3ServiceException;
      const ahead = Date.parse($response?.headers['date'] ?? '') - Date.now();
      expect(Math.abs(ahead - 3_600_000)).toBeLessThan(60_000);
    });

    it('lets a list lag once', async () => {
      const list = async (): Promise<number | undefined> => {
        const Prefix = `${key}/`;
        return (await client.send(new ListObjectsV2Command({ Bucket, Prefix }))).KeyCount;
      };
      const planned = proxy.add({ method: 'GET', target: /list-type=2/, fault: { kind: 'lagging-list' } });
      expect(await list()).toBe(0);
      expect(planned.hits).toBe(0);
      key += '/object';
      await put();
      key = key.slice(0, -'/object'.length);
      expect(await list()).toBe(0);
      expect(planned.hits).toBe(1);
      expect(await list()).toBe(1);
    });

    it('counts the requests that match: the second and third of them, until the rule is taken back', async () => {
      const fault: Fault = { kind: 'answer', status: 500, code: 'InternalError' };
      const target = new RegExp(`/${key}`);
      const rule = proxy.add({ method: 'PUT', target, nth: 2, times: 2, fault });
      const tried = [];
      for (let i = 0; i < 4; i++)
        tried.push(
          await put().then(
            () => 'ok',
            () => 'failed',
          ),
        );
      expect(tried).toEqual(['ok', 'failed', 'failed', 'ok']);
      expect(rule.hits).toBe(2);
      const always = proxy.add({ method: 'PUT', target, times: Infinity, fault });
      await expect(put()).rejects.toThrow();
      always.remove();
      await put();
    });
  });
}
