import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { systemClock } from '@holdfast/base';
import type { OpenS3Options, S3Settings } from '@holdfast/repository';
import { s3Kinds, s3OrSkip, s3Server, type S3Server } from '@holdfast/test-servers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { PassedOver } from '../foreign.ts';
import { readImage } from '../read-image.ts';
import { scanForeign } from '../scan.ts';
import { k3sObject, k3sZip, provisioningSpec } from '../testing/k3s.ts';
import { realSnapshot } from '../testing/snapshots.ts';
import { openForeignBucket } from './bucket-place.ts';

const db = realSnapshot();
const options: OpenS3Options = { random: () => 0.5, variables: {}, warn: () => {} };
const signal = new AbortController().signal;

for (const kind of s3Kinds) {
  describe.skipIf((await s3OrSkip(kind)).skip)(kind, () => {
    let server: S3Server;
    beforeAll(async () => {
      server = await s3Server(kind);
      for (const bucket of ['names', 'many', 'k3s', 'closed']) await server.makeBucket(bucket);
    });
    afterAll(async () => server?.[Symbol.asyncDispose]());

    const settings = (bucket: string, folder?: string): S3Settings => ({
      bucket,
      ...(folder !== undefined && { folder }),
      endpoint: server.endpoint,
      region: server.region,
      ca: server.ca,
      credentials: { accessKeyId: server.accessKey, secretAccessKey: server.secretKey },
    });

    test('keys with dots, colons, spaces and other letters are listed and read, by parts as well', async () => {
      const keys = [
        '.metadata/on-demand-n-1789000000',
        '2020-10-15T14:53:26Z_etcd.zip',
        'a b+c&d=e',
        'ü/漢 😀',
      ];
      for (const key of [...keys, 'x/'])
        await server.putObject('names', `a/${key}`, Buffer.from(key.replace('x/', '')));
      await server.putObject('names', 'another', Buffer.from('x'));
      const place = await openForeignBucket(settings('names', 'a'), options);
      expect(place.location).toBe('s3://names/a');
      const found: string[] = [];
      for await (const { path, size } of place.list(() => {})) {
        found.push(path);
        const content = await buffer(Readable.from(place.read(path)));
        expect([content.toString(), content.length]).toEqual([path, size]);
        const part = await buffer(Readable.from(place.read(path, { start: 1, end: 4 })));
        expect(part.equals(content.subarray(1, 4))).toBe(true);
      }
      expect(found.toSorted()).toEqual(keys.toSorted());
    });

    test('keys that deceive are passed over, as far as the server takes them', async () => {
      const bad = ['b/../x', 'b/a\\c', 'b/c\u0007d', 'b//x'];
      const taken: string[] = [];
      for (const key of bad) {
        const put = server.putObject('names', key, Buffer.from('x'));
        await put.then(() => taken.push(key)).catch(() => undefined);
      }
      const place = await openForeignBucket(settings('names', 'b'), options);
      const over: PassedOver[] = [];
      const paths: string[] = [];
      for await (const { path } of place.list((what) => over.push(what))) paths.push(path);
      expect(paths).toEqual([]);
      expect(over.length).toBe(taken.length);
      if (kind === 'radosgw') expect(over.map(({ path }) => `b/${path}`).toSorted()).toEqual(bad.toSorted());
      for (const { path } of over)
        await expect(buffer(Readable.from(place.read(path)))).rejects.toMatchObject({
          code: 'file-unreadable',
        });
    });

    test('more objects than one answer holds are all listed', async () => {
      const left = Array.from({ length: 1005 }, (_, n) => `.k/${n}`);
      const put = async (): Promise<void> => {
        for (let key = left.pop(); key !== undefined; key = left.pop())
          await server.putObject('many', key, Buffer.from('x'));
      };
      await Promise.all(Array.from({ length: 8 }, put));
      const place = await openForeignBucket(settings('many'), options);
      expect((await Array.fromAsync(place.list(() => {}))).length).toBe(1005);
    });

    test("what K3s uploads is found with its sidecar and its object's metadata, and its database read out of the zip", async () => {
      const name = 'etcd-snapshot-cp-1-1789000000';
      const { content, metadata } = k3sObject(k3sZip(name, db), 'cp-1', 'rke2');
      await server.putObject('k3s', `prod/${name}.zip`, content, metadata);
      await server.putObject('k3s', `prod/.metadata/${name}.zip`, provisioningSpec('v1.33.4+rke2r1'));
      await server.putObject('k3s', 'prod/on-demand-cp-1-1789000100', db.subarray(0, 9000));
      const place = await openForeignBucket(settings('k3s'), options);
      const { snapshots, unknown } = await scanForeign(place, { signal, clock: systemClock });
      expect(unknown).toEqual([]);
      expect(snapshots).toMatchObject([
        {
          system: 'rke2',
          node: 'cp-1',
          cluster: '6f6a1a6e-2d3c-4d6b-9d4e-0a1b2c3d4e5f',
          companions: [{ what: 'cluster-spec' }, { what: 'token-hash' }],
          restorable: true,
        },
        { name: 'on-demand-cp-1-1789000100', restorable: false },
      ]);
      expect((await buffer(Readable.from(readImage(place, snapshots[0]!, signal)))).equals(db)).toBe(true);
    });

    test('where objects may be listed and not be read, each is told', async () => {
      await server.putObject('closed', 'on-demand-n-1789000000', db);
      const { accessKey, secretKey, ...more } = await server.limitedUser('closed', ['s3:ListBucket']);
      const credentials = { accessKeyId: accessKey, secretAccessKey: secretKey, ...more };
      const place = await openForeignBucket({ ...settings('closed'), credentials }, options);
      expect(await scanForeign(place, { signal, clock: systemClock })).toMatchObject({
        snapshots: [],
        passedOver: [{ path: 'on-demand-n-1789000000' }],
      });
    });
  });
}
