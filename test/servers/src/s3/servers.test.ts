import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { Agent } from 'node:http';
import { get } from 'node:https';
import type { LookupFunction } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  PutObjectCommand,
  type PutObjectCommandInput,
  type S3Client,
  type S3ServiceException,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { s3Client } from './client.ts';
import { s3OrSkip } from './require.ts';
import { s3Kinds, type S3Kind, type S3Server } from './server.ts';
import { s3Server } from './start.ts';

/** Not every resolver knows the names below localhost. */
const lookup: LookupFunction = (_name, _options, found) => found(null, [{ address: '127.0.0.1', family: 4 }]);

/** In what the two differ, so that a new release that changes it is noticed. */
const differences = {
  radosgw: { wrongSha256: 200, quotedIfMatch: 412, completedETag: '' },
  minio: { wrongSha256: 400, quotedIfMatch: 200, completedETag: expect.stringMatching(/^"[0-9a-f]{32}-2"$/) },
} satisfies Record<S3Kind, unknown>;

const partBytes = 5 * 2 ** 20;

function digest(algorithm: string, of: string): string {
  return createHash(algorithm).update(of).digest('base64');
}

async function statusOf(answer: Promise<{ $metadata: { httpStatusCode?: number | undefined } }>) {
  try {
    return (await answer).$metadata.httpStatusCode;
  } catch (error) {
    return (error as S3ServiceException).$metadata.httpStatusCode;
  }
}

for (const kind of s3Kinds) {
  describe.skipIf((await s3OrSkip(kind)).skip)(kind, () => {
    let folder: string;
    let server: S3Server;
    let client: S3Client;

    beforeAll(async () => {
      folder = mkdtempSync(join(tmpdir(), 'holdfast-s3-'));
      server = await s3Server(kind, { folder });
      client = s3Client(server.endpoint, server.ca, server);
      for (const name of ['plain', 'others', 'uploads', 'limited']) await server.makeBucket(name);
      await server.makeBucket('versioned', { versioning: true });
      await server.makeBucket('locked', { objectLock: true });
    });

    afterAll(async () => {
      client?.destroy();
      await server?.[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true, force: true });
    });

    const put = async (Key: string, Body: string, more: Partial<PutObjectCommandInput> = {}) =>
      client.send(new PutObjectCommand({ Bucket: 'plain', Key, Body, ...more }));

    const text = async (Bucket: string, Key: string, by = client, VersionId?: string): Promise<string> => {
      const { Body } = await by.send(
        new GetObjectCommand({ Bucket, Key, ...(VersionId ? { VersionId } : {}) }),
      );
      return (await Body?.transformToString()) ?? '';
    };

    it('refuses a wrong signature, an unknown key, and nobody', async () => {
      await put('key', 'value');
      const read = async (keys: { accessKey: string; secretKey: string }) =>
        text('plain', 'key', s3Client(server.endpoint, server.ca, keys));
      await expect(read({ ...server, secretKey: 'x'.repeat(40) })).rejects.toMatchObject({
        name: 'SignatureDoesNotMatch',
        $metadata: { httpStatusCode: 403 },
      });
      await expect(read({ ...server, accessKey: 'nobody' })).rejects.toMatchObject({
        name: 'InvalidAccessKeyId',
        $metadata: { httpStatusCode: 403 },
      });
      expect((await fetch(`${server.httpEndpoint}/plain/key`)).status).toBe(403);
    });

    it('shows a certificate of its own CA, and answers in plain text too', async () => {
      await put('key', 'value');
      const failure = await new Promise((resolve) => get(server.endpoint, resolve).once('error', resolve));
      expect(failure).toMatchObject({ code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' });
      expect(await text('plain', 'key', s3Client(server.httpEndpoint, '', server))).toBe('value');
    });

    it('is addressed by path, and by host as BUCKET.localhost', async () => {
      await put('host', 'value');
      const byHost = s3Client(server.httpEndpoint.replace('127.0.0.1', 'localhost'), '', server, {
        forcePathStyle: false,
        requestHandler: { httpAgent: new Agent({ lookup }) },
      });
      expect(await text('plain', 'host', byHost)).toBe('value');
    });

    it('takes an object in parts, and shows the uploads that are open', async () => {
      const at = { Bucket: 'uploads', Key: 'folder/big' };
      const start = async () => (await client.send(new CreateMultipartUploadCommand(at))).UploadId ?? '';
      const [whole, given] = [await start(), await start()];
      const body = randomBytes(partBytes + 1000);
      const Parts = [];
      for (const [PartNumber, Body] of [
        [1, body.subarray(0, partBytes)],
        [2, body.subarray(partBytes)],
      ] as const) {
        const part = await client.send(new UploadPartCommand({ ...at, UploadId: whole, PartNumber, Body }));
        Parts.push({ PartNumber, ETag: part.ETag });
      }
      const open = await server.uploadsIn('uploads');
      expect(open.map(({ uploadId }) => uploadId).toSorted()).toEqual([whole, given].toSorted());
      expect(open.map(({ key }) => key)).toEqual([at.Key, at.Key]);
      const { ETag } = await client.send(
        new CompleteMultipartUploadCommand({ ...at, UploadId: whole, MultipartUpload: { Parts } }),
      );
      expect(ETag ?? '').toEqual(differences[kind].completedETag);
      await client.send(new AbortMultipartUploadCommand({ ...at, UploadId: given }));
      expect(await server.uploadsIn('uploads')).toEqual([]);
      const { Body } = await client.send(new GetObjectCommand(at));
      expect(body.equals((await Body?.transformToByteArray()) ?? Buffer.alloc(0))).toBe(true);
    });

    it('lists by prefix and delimiter, page by page', async () => {
      for (const key of ['list/a', 'list/b', 'list/sub/c', 'list/sub/d', 'listed']) await put(key, 'x');
      const seen: (string | undefined)[] = [];
      let token: string | undefined;
      do {
        const page: { Contents?: { Key?: string }[]; CommonPrefixes?: { Prefix?: string }[] } & {
          NextContinuationToken?: string;
        } = await client.send(
          new ListObjectsV2Command({
            ...{ Bucket: 'plain', Prefix: 'list/', Delimiter: '/', MaxKeys: 1 },
            ContinuationToken: token,
          }),
        );
        seen.push(...(page.Contents ?? []).map(({ Key }) => Key));
        seen.push(...(page.CommonPrefixes ?? []).map(({ Prefix }) => Prefix));
        token = page.NextContinuationToken;
      } while (token !== undefined);
      expect(seen).toEqual(['list/a', 'list/b', 'list/sub/']);
    });

    it('honours If-None-Match and If-Match when it writes', async () => {
      const failed = { name: 'PreconditionFailed', $metadata: { httpStatusCode: 412 } };
      const { ETag } = await put('once', 'first', { IfNoneMatch: '*' });
      await expect(put('once', 'second', { IfNoneMatch: '*' })).rejects.toMatchObject(failed);
      await expect(put('once', 'second', { IfMatch: '"0"' })).rejects.toMatchObject(failed);
      expect(await text('plain', 'once')).toBe('first');
      await put('once', 'second', { IfMatch: ETag?.replaceAll('"', '') });
      expect(await text('plain', 'once')).toBe('second');
    });

    it('takes an ETag in If-Match with its quotes as the table says', async () => {
      const { ETag } = await put('quoted', 'first');
      expect(await statusOf(put('quoted', 'second', { IfMatch: ETag }))).toBe(
        differences[kind].quotedIfMatch,
      );
    });

    it('of many that write the same new object at once lets exactly one', async () => {
      const tries = await Promise.allSettled(
        Array.from({ length: 8 }, async (_, i) => put('race', `${i}`, { IfNoneMatch: '*' })),
      );
      const won = tries.flatMap(({ status }, i) => (status === 'fulfilled' ? [`${i}`] : []));
      expect(won).toEqual([await text('plain', 'race')]);
    });

    it('checks Content-MD5, and SHA-256 as the table says', async () => {
      await expect(put('sum', 'value', { ContentMD5: digest('md5', 'other') })).rejects.toMatchObject({
        $metadata: { httpStatusCode: 400 },
      });
      const put256 = put('sum', 'value', { ChecksumSHA256: digest('sha256', 'other') });
      expect(await statusOf(put256)).toBe(differences[kind].wrongSha256);
    });

    it('keeps versions', async () => {
      const at = { Bucket: 'versioned', Key: 'key' };
      const { VersionId: first = '' } = await put('key', 'first', at);
      await put('key', 'second', at);
      await client.send(new DeleteObjectCommand(at));
      await expect(text('versioned', 'key')).rejects.toMatchObject({ name: 'NoSuchKey' });
      expect(await text('versioned', 'key', client, first)).toBe('first');
      const listed = await client.send(new ListObjectVersionsCommand({ Bucket: 'versioned' }));
      expect(listed.Versions).toHaveLength(2);
      expect(listed.DeleteMarkers).toHaveLength(1);
    });

    it('refuses to delete a locked version, to its administrator too', async () => {
      const at = { Bucket: 'locked', Key: 'key' };
      const { VersionId = '' } = await put('key', 'value', {
        ...at,
        // Object lock takes a digest of the body.
        ContentMD5: digest('md5', 'value'),
        ObjectLockMode: 'COMPLIANCE',
        ObjectLockRetainUntilDate: new Date(Date.now() + 3_600_000),
      });
      for (const BypassGovernanceRetention of [false, true])
        await expect(
          client.send(new DeleteObjectCommand({ ...at, VersionId, BypassGovernanceRetention })),
        ).rejects.toMatchObject({ name: expect.stringMatching('AccessDenied|InvalidRequest') });
      expect(await text('locked', 'key', client, VersionId)).toBe('value');
    });

    it('lets a limited user do what is said, in its bucket, and nothing else', async () => {
      const denied = { name: 'AccessDenied', $metadata: { httpStatusCode: 403 } };
      const [reader, writer] = await Promise.all([
        server.limitedUser('limited', ['s3:GetObject']),
        server.limitedUser('limited', ['s3:PutObject', 's3:ListBucket']),
      ]);
      const [reading, writing] = [reader, writer].map((keys) => s3Client(server.endpoint, server.ca, keys));
      if (reading === undefined || writing === undefined) throw new Error('two users');
      const at = { Bucket: 'limited', Key: 'key' };
      await writing.send(new PutObjectCommand({ ...at, Body: 'value' }));
      await expect(text('limited', 'key', writing)).rejects.toMatchObject(denied);
      for (const by of [reading, writing])
        await expect(by.send(new CreateBucketCommand({ Bucket: 'own' }))).rejects.toThrow();
      await expect(writing.send(new DeleteObjectCommand(at))).rejects.toMatchObject(denied);
      const listed = await writing.send(new ListObjectsV2Command({ Bucket: 'limited' }));
      expect(listed.Contents?.map(({ Key }) => Key)).toEqual(['key']);
      expect(await text('limited', 'key', reading)).toBe('value');
      expect(await text('limited', 'key')).toBe('value');
      await expect(reading.send(new PutObjectCommand({ ...at, Body: 'x' }))).rejects.toMatchObject(denied);
      await expect(reading.send(new ListObjectsV2Command({ Bucket: 'limited' }))).rejects.toMatchObject(
        denied,
      );
      await put('key', 'value', { Bucket: 'others' });
      await expect(text('others', 'key', reading)).rejects.toMatchObject(denied);
      // An upload that a limited user leaves open is seen by the administrator.
      const { UploadId } = await writing.send(new CreateMultipartUploadCommand(at));
      expect(await server.uploadsIn('limited')).toEqual([{ key: 'key', uploadId: UploadId }]);
    });

    it('leaves no process and no file behind', async () => {
      const other = await s3Server(kind, { folder });
      expect(other.pids.every((pid) => existsSync(`/proc/${pid}`))).toBe(true);
      await other[Symbol.asyncDispose]();
      expect(other.pids.filter((pid) => existsSync(`/proc/${pid}`))).toEqual([]);
      expect(readdirSync(folder)).toHaveLength(1);
    });
  });
}
