import { faultProxy, s3Kinds, s3OrSkip, s3Server, type S3Server } from '@holdfast/test-servers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { probeS3 } from './open.ts';
import type { S3Probe } from './probe.ts';
import type { S3Settings } from './settings.ts';
import { credentialsOf, quiet, settingsOf } from './testing/settings-of.ts';

for (const kind of s3Kinds) {
  describe.skipIf((await s3OrSkip(kind)).skip)(kind, () => {
    let server: S3Server;
    beforeAll(async () => {
      server = await s3Server(kind);
      await server.makeBucket('plain');
      await server.makeBucket('locked', { objectLock: true });
    });
    afterAll(async () => server?.[Symbol.asyncDispose]());

    const probe = (more: Partial<S3Settings> = {}): Promise<S3Probe> =>
      probeS3({ ...settingsOf(server, 'plain'), ...more }, quiet);
    const finding = async (more: Partial<S3Settings>): Promise<unknown> => {
      const { findings } = await probe(more);
      return findings.map(({ code, why }) => `${code}: ${why}`).join('\n');
    };

    test('a bucket that is good for a repository', async () => {
      const found = await probe();
      expect(found.steps.map(({ step, failure }) => [step, failure])).toEqual([
        ['put', undefined],
        ['read', undefined],
        ['list', undefined],
        ['upload', undefined],
        ['delete', undefined],
      ]);
      // Ceph 16 refuses to overwrite by a put, and ignores the same wish when an upload is completed.
      const complete = kind === 'minio';
      expect(found.conditionalWrites).toEqual({ put: true, complete });
      expect(found.findings.map(({ code }) => code)).toEqual(complete ? [] : ['s3-no-conditions']);
      expect(Math.abs(found.skewMs ?? Infinity)).toBeLessThan(5000);
      expect(await server.uploadsIn('plain')).toEqual([]);
    });

    test('a lock is honoured where the bucket has one', async () => {
      const lock = { mode: 'compliance', days: 1 } as const;
      expect(await finding({ bucket: 'locked', lock })).not.toContain('s3-no-lock');
      expect(await finding({ lock })).toContain('s3-no-lock');
    });

    test.each([
      ['GetObject', 'read'],
      ['PutObject', 'put'],
      ['ListBucket', 'list'],
      ['DeleteObject', 'delete'],
    ])('a missing right to %s is named', async (missing, step) => {
      const all = [
        'PutObject',
        'GetObject',
        'DeleteObject',
        'AbortMultipartUpload',
        'ListMultipartUploadParts',
      ];
      const rights = [...all, 'ListBucket', 'ListBucketMultipartUploads'].filter((each) => each !== missing);
      const user = await server.limitedUser(
        'plain',
        rights.map((each) => `s3:${each}`),
      );
      const { steps } = await probe({ credentials: credentialsOf(user) });
      const failed = steps.find((each) => each.failure !== undefined);
      expect(failed).toMatchObject({
        step,
        failure: { code: 's3-permission', message: expect.stringContaining(`s3:${missing}`) },
      });
    });

    test('keys that are not right', async () => {
      const { accessKey: accessKeyId, secretKey: secretAccessKey } = server;
      expect(await finding({ credentials: { accessKeyId: 'NOBODY', secretAccessKey } })).toBe(
        's3-credentials: it does not know the access key',
      );
      expect(await finding({ credentials: { accessKeyId, secretAccessKey: 'wrong-secret' } })).toBe(
        's3-credentials: the secret key is not that of the access key',
      );
    });

    test('a bucket that is not there', async () => {
      expect(await finding({ bucket: 'nowhere' })).toBe('s3-bucket-missing: it knows no bucket of this name');
    });

    test('another region, where the server has one', async () => {
      const found = await finding({ region: 'eu-central-9' });
      if (kind === 'minio') expect(found).toBe(`s3-region: its region is ${server.region}`);
    });

    test('ways to fail at TLS', async () => {
      expect(await finding({ ca: undefined })).toBe('s3-tls: its certificate is not signed by a trusted CA');
      const { host, port } = new URL(server.endpoint);
      expect(await finding({ endpoint: `http://${host}` })).toBe(
        's3-tls: it serves https, and http was asked for',
      );
      expect(await finding({ endpoint: new URL(server.httpEndpoint).host })).toMatch(/^s3-tls: it .* http$/);
      expect(await finding({ endpoint: `https://127.0.0.2:${port}` })).toMatch(
        /^s3-(tls: Hostname\/IP does not match|unreachable: nobody listens there)/,
      );
    });

    test('nobody there', async () => {
      expect(await finding({ endpoint: 'http://127.0.0.1:1' })).toBe(
        's3-unreachable: nobody listens there: the connection was refused',
      );
      expect(await finding({ endpoint: 'host.invalid' })).toMatch(/^s3-unreachable: .*name/);
    });

    test('clocks that differ, and by how much', async () => {
      await using proxy = await faultProxy({ upstream: server.endpoint, ca: server.ca });
      proxy.add({ fault: { kind: 'skewed', seconds: 3600 }, times: Infinity });
      expect(await finding({ endpoint: proxy.endpoint, ca: proxy.ca })).toMatch(
        /^s3-clock: this machine is (1h00m|59m5\ds) behind the server$/,
      );
    });
  });
}
