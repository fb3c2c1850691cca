import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { s3Kinds, s3OrSkip, s3Server, type S3Server } from '@holdfast/test-servers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { describeStorage } from '../../testing/conformance.ts';
import type { Storage } from '../storage.ts';
import { openS3 } from './open.ts';
import type { S3Settings } from './settings.ts';
import { quiet, readAll, settingsOf, writeAll } from './testing/settings-of.ts';

const bytes = (text: string): Buffer => Buffer.from(text);
const runs = 8;

for (const kind of s3Kinds) {
  describe.skipIf((await s3OrSkip(kind)).skip)(kind, () => {
    let server: S3Server;
    beforeAll(async () => {
      server = await s3Server(kind);
      await server.makeBucket('plain');
      await server.makeBucket('locked', { objectLock: true });
    });
    afterAll(async () => server?.[Symbol.asyncDispose]());

    const open = (more: Partial<S3Settings> = {}): Promise<Storage> =>
      openS3({ ...settingsOf(server, 'plain'), ...more }, quiet);

    describeStorage(kind, () => open(), runs);
    describeStorage(`${kind} without conditional writes`, () => open({ conditionalWrites: 'none' }), runs);

    test('an upload is gone on with after a restart, and parts that have arrived are not sent again', async () => {
      const settings = settingsOf(server, 'plain');
      const content = randomBytes(12 << 20);
      const first = await (await openS3(settings, quiet)).create('big');
      await first.write(content.subarray(0, 11 << 20));
      await first.sync();

      const storage = await openS3(settings, quiet);
      const second = await storage.create('big', first.resume);
      expect(second.resume).toBe(first.resume);
      await second.write(content);
      expect(await second.place()).toBe(true);
      expect((await readAll(storage, 'big')).equals(content)).toBe(true);
      expect(await server.uploadsIn('plain')).toEqual([]);
    });

    test('other content than before the restart replaces what had arrived', async () => {
      const storage = await open();
      const first = await storage.create('big');
      await first.write(randomBytes(11 << 20));
      await first.sync();
      const content = randomBytes(7 << 20);
      const second = await storage.create('big', first.resume);
      await second.write(content);
      expect(await second.place()).toBe(true);
      expect((await readAll(storage, 'big')).equals(content)).toBe(true);
    });

    test('more objects than one answer holds are all listed', async () => {
      const storage = await open();
      const keys = Array.from({ length: 1005 }, (_, n) => `k${String(n).padStart(4, '0')}`);
      const left = [...keys];
      const work = async (): Promise<void> => {
        for (let key = left.pop(); key !== undefined; key = left.pop()) await storage.put(key, bytes('x'));
      };
      await Promise.all(Array.from({ length: 8 }, work));
      const found: string[] = [];
      for await (const { key } of storage.list('')) found.push(key);
      expect(found).toEqual(keys);
    });

    test.each(['governance', 'compliance'] as const)(
      'objects are locked by %s when they are put and placed, and say until when',
      async (mode) => {
        const until = new Date(Math.ceil(Date.now() / 1000) * 1000 + 5000);
        const storage = await open({ bucket: 'locked', lock: { mode, until } });
        await storage.put('small', bytes('x'));
        await (await writeAll(storage, 'large', bytes('y'))).place();
        expect(await storage.stat('small')).toMatchObject({ lock: { mode, until } });
        expect(await storage.stat('large')).toMatchObject({ lock: { mode, until } });
      },
    );

    test("a bucket's own rule locks what is put and placed", async () => {
      await server.makeBucket('ruled', { objectLock: true, retention: { mode: 'GOVERNANCE', days: 1 } });
      const storage = await open({ bucket: 'ruled' });
      await storage.put('small', bytes('x'));
      await (await writeAll(storage, 'large', randomBytes(6 << 20))).place();
      const lock = { mode: 'governance', until: expect.any(Date) };
      expect(await storage.stat('small')).toMatchObject({ lock });
      expect((await storage.stat('large'))?.size).toBe(6 << 20);
    });

    test('in a bucket with versions an object that is deleted is gone, and its key free', async () => {
      await server.makeBucket('versions', { versioning: true });
      for (const conditionalWrites of ['probe', 'none'] as const) {
        const storage = await open({ bucket: 'versions', conditionalWrites });
        for (const text of ['one', 'two']) {
          expect(await storage.put('small', bytes(text))).toBe(true);
          expect(await storage.put('small', bytes('x'))).toBe(false);
          expect(await (await writeAll(storage, 'large', bytes(text))).place()).toBe(true);
          expect(await (await writeAll(storage, 'large', bytes('x'))).place()).toBe(false);
          for (const key of ['small', 'large']) {
            expect((await readAll(storage, key)).toString()).toBe(text);
            expect(await storage.delete(key)).toBe(true);
            expect(await storage.stat(key)).toBeUndefined();
          }
          expect(await storage.isEmpty()).toBe(true);
        }
      }
    });

    test('what is encrypted with a key of the caller is read with it and not without', async () => {
      const settings = settingsOf(server, 'plain');
      const storage = await openS3(
        { ...settings, encryption: { kind: 'customer', key: Buffer.alloc(32, 7) } },
        quiet,
      );
      await storage.put('small', bytes('secret'));
      const writer = await storage.create('large');
      await writer.write(Buffer.alloc(6 << 20, 's'));
      expect(await writer.place()).toBe(true);
      expect(await storage.get('small', 9)).toEqual(new Uint8Array(bytes('secret')));
      expect(await storage.stat('large')).toMatchObject({ size: 6 << 20 });
      expect((await readAll(storage, 'large')).length).toBe(6 << 20);
      const without = await openS3(settings, quiet);
      await expect(without.get('small', 9)).rejects.toMatchObject({ code: 's3-refused' });
    });

    test('plain http when it is said, and a CA in base64', async () => {
      const plain = await open({ endpoint: server.httpEndpoint });
      expect(await plain.put('k', bytes('x'))).toBe(true);
      const secure = await open({ ca: Buffer.from(server.ca).toString('base64') });
      expect(await secure.put('k', bytes('x'))).toBe(true);
    });

    test('a proxy is gone through for https, unless the host is exempt', async () => {
      const tunnels: string[] = [];
      const proxy = createServer().on('connect', (request, socket) => {
        tunnels.push(request.url ?? '');
        const [host, port] = (request.url ?? '').split(':');
        const upstream = connect(Number(port), host, () => {
          socket.write('HTTP/1.1 200 OK\r\n\r\n');
          upstream.pipe(socket).pipe(upstream);
        });
        for (const each of [upstream, socket]) each.on('error', () => each.destroy());
      });
      await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
      const url = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
      try {
        const settings = settingsOf(server, 'plain');
        const variables = { HTTPS_PROXY: url };
        expect(await (await openS3(settings, { ...quiet, variables })).put('k', bytes('x'))).toBe(true);
        // One connection for all requests.
        expect(tunnels).toEqual([new URL(server.endpoint).host]);
        const exempt = { ...variables, NO_PROXY: '127.0.0.0/8' };
        expect(await (await openS3(settings, { ...quiet, variables: exempt })).delete('k')).toBe(true);
        expect(tunnels).toHaveLength(1);
      } finally {
        proxy.closeAllConnections();
        proxy.close();
      }
    });
  });
}
