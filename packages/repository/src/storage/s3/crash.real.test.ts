import { randomBytes } from 'node:crypto';
import {
  faultProxy,
  s3Kinds,
  s3OrSkip,
  s3Server,
  type FaultProxy,
  type FaultRule,
  type S3Server,
} from '@holdfast/test-servers';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Storage } from '../storage.ts';
import { openS3 } from './open.ts';
import type { S3Settings } from './settings.ts';
import { hurried, quiet, readAll, settingsOf, writeAll } from './testing/settings-of.ts';

const content = randomBytes(11 << 20);
const small = Buffer.from('small');
const forEver = new Date(8.64e15);

for (const kind of s3Kinds) {
  describe.skipIf((await s3OrSkip(kind)).skip)(`${kind}, left in the middle`, () => {
    let server: S3Server;
    let proxy: FaultProxy;
    let settings: S3Settings;
    beforeAll(async () => {
      server = await s3Server(kind);
      for (const name of ['plain', 'whole']) await server.makeBucket(name);
    });
    afterAll(async () => server?.[Symbol.asyncDispose]());
    beforeEach(async () => {
      proxy = await faultProxy({ upstream: server.endpoint, ca: server.ca });
      settings = { ...settingsOf(server, 'plain'), endpoint: proxy.endpoint, ca: proxy.ca };
    });
    afterEach(async () => proxy[Symbol.asyncDispose]());
    const open = (more: Partial<S3Settings> = {}): Promise<Storage> =>
      openS3({ ...settings, ...more }, { ...quiet, clock: hurried });

    describe.each(['probe', 'none'] as const)('with conditional writes %s', (conditionalWrites) => {
      test('an upload that was completed and not recorded counts as placed after a restart', async () => {
        const first = await writeAll(await open({ conditionalWrites }), 'k', content);
        await first.place();

        const storage = await open({ conditionalWrites });
        const second = await writeAll(storage, 'k', content, first.resume);
        expect(second.resume).toBe(first.resume);
        expect(await second.place()).toBe(true);
        await second.discard();
        expect((await readAll(storage, 'k')).equals(content)).toBe(true);
        expect(await server.uploadsIn('plain')).toEqual([]);
      });

      test('other content than that of the completed upload finds its key taken', async () => {
        const storage = await open({ conditionalWrites });
        const first = await writeAll(storage, 'k', content);
        await first.place();
        for (const other of [randomBytes(content.length), content.subarray(1)])
          expect(await (await writeAll(storage, 'k', other, first.resume)).place()).toBe(false);
        expect((await readAll(storage, 'k')).equals(content)).toBe(true);
      });
    });

    const object = { method: 'PUT', target: /\/k$|\/k\?x-id/ };
    const marker = { target: /\.holdfast(\/|%2F)writing/ };
    test.each<[string, FaultRule]>([
      ["the marker's answer is lost", { ...marker, method: 'PUT', fault: { kind: 'lost-answer' } }],
      ['the marker is cut off', { ...marker, method: 'PUT', fault: { kind: 'cut-request', afterBytes: 0 } }],
      [
        'the list of markers is cut off',
        { ...marker, method: 'GET', fault: { kind: 'cut-answer', afterBytes: 9 } },
      ],
      ["the object's answer is lost", { ...object, fault: { kind: 'lost-answer' } }],
      ['the object is cut off', { ...object, fault: { kind: 'cut-request', afterBytes: 2 }, times: 3 }],
      [
        'the taking back of the marker is not heard',
        { ...marker, method: 'DELETE', fault: { kind: 'cut-request', afterBytes: 0 } },
      ],
      ['what was written is not found out', { method: 'HEAD', nth: 3, fault: { kind: 'lost-answer' } }],
    ])('without conditional writes an object is written once although %s', async (_, rule) => {
      const planned = proxy.add(rule);
      const storage = await open({ conditionalWrites: 'none' });
      expect(await storage.put('k', small)).toBe(true);
      expect(planned.hits).toBe(rule.times ?? 1);
      expect(await storage.put('k', Buffer.from('other'))).toBe(false);
      expect((await readAll(storage, 'k')).toString()).toBe('small');
      // A marker that was left behind would keep the next one from writing.
      await storage.delete('k');
      expect(await storage.put('k', small)).toBe(true);
    });

    test('without conditional writes nobody overwrites what may still arrive', async () => {
      const storage = await open({ conditionalWrites: 'none' });
      const planned = proxy.add({
        ...object,
        fault: { kind: 'cut-request', afterBytes: 2 },
        times: Infinity,
      });
      await expect(storage.put('k', small)).rejects.toMatchObject({ code: 's3-unreachable' });
      expect(planned.hits).toBe(6);
      planned.remove();
      await expect(storage.put('k', small)).rejects.toMatchObject({
        why: 'other writers are at the same key',
      });
      expect(await storage.stat('k')).toBeUndefined();
    });

    test('without conditional writes an upload whose end is not heard of is placed', async () => {
      const storage = await open({ conditionalWrites: 'none' });
      const writer = await writeAll(storage, 'k', content);
      const planned = proxy.add({ method: 'POST', target: /k\?.*uploadId/, fault: { kind: 'lost-answer' } });
      expect(await writer.place()).toBe(true);
      expect(planned.hits).toBe(1);
      expect((await readAll(storage, 'k')).equals(content)).toBe(true);
    });

    test('in a bucket of its own a repository removes no uploads of others', async () => {
      const storage = await open({ bucket: 'whole', folder: '' });
      for (const key of ['velero.tar', 'clusters/c', 'clusters/c/snapshots/n/snapshot.db', 'keys/k.age'])
        await storage.create(key);
      expect(await storage.removeStale(forEver)).toBe(2);
      const left = (await server.uploadsIn('whole')).map(({ key }) => key).sort();
      expect(left).toEqual(['clusters/c', 'velero.tar']);
    });

    test('a missing bucket is told from a missing object', async () => {
      const missing = expect.objectContaining({ code: 's3-bucket-missing' });
      const nowhere = await open({ bucket: 'nowhere' });
      await expect(nowhere.stat('k')).rejects.toEqual(missing);
      await expect(nowhere.delete('k')).rejects.toEqual(missing);
      expect(await (await open()).stat('k')).toBeUndefined();
    });
  });
}
