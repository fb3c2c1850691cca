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
import { systemClock, type Clock } from '@holdfast/base';
import type { ObjectWriter, Storage } from '../storage.ts';
import { openS3 } from './open.ts';
import type { S3Settings } from './settings.ts';
import { quiet, settingsOf } from './testing/settings-of.ts';

/** Waits a hundredth of what it is asked to: pauses between attempts are not what is tested here. */
const hurried: Clock = { ...systemClock, sleep: (ms, signal) => systemClock.sleep(ms / 100, signal) };
const content = randomBytes(11 << 20);
const small = Buffer.from('small');

async function read(storage: Storage, key: string): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of storage.read(key)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function write(storage: Storage, key: string): Promise<ObjectWriter> {
  const writer = await storage.create(key);
  await writer.write(content);
  return writer;
}

const put = { method: 'PUT', target: /\/k\b(?!.*uploadId)/ };
const part = { method: 'PUT', target: /partNumber=2/ };
const complete = { method: 'POST', target: /k\?.*uploadId/ };
const get = { method: 'GET', target: /\/k\b/ };
const slow = { kind: 'answer', status: 503, code: 'SlowDown' } as const;

for (const kind of s3Kinds) {
  describe.skipIf((await s3OrSkip(kind)).skip)(`${kind} behind a bad line`, () => {
    let server: S3Server;
    let proxy: FaultProxy;
    let settings: S3Settings;
    let storage: Storage;
    beforeAll(async () => {
      server = await s3Server(kind);
      await server.makeBucket('plain');
    });
    afterAll(async () => server?.[Symbol.asyncDispose]());
    beforeEach(async () => {
      proxy = await faultProxy({ upstream: server.endpoint, ca: server.ca });
      settings = { ...settingsOf(server, 'plain'), endpoint: proxy.endpoint, ca: proxy.ca };
      storage = await openS3(settings, { ...quiet, clock: hurried });
    });
    afterEach(async () => proxy[Symbol.asyncDispose]());

    test.each<[string, FaultRule]>([
      ['busy', { ...put, fault: slow, times: 3 }],
      ['failing inside', { ...put, fault: { kind: 'answer', status: 500, code: 'InternalError' } }],
      ['cut off', { ...put, fault: { kind: 'cut-request', afterBytes: 2 } }],
      ['unheard', { ...put, fault: { kind: 'lost-answer' } }],
      ['changed on the way', { ...put, fault: { kind: 'flipped-request', atByte: 2 } }],
    ])('a put that is %s is made once, and told as made', async (_, rule) => {
      const planned = proxy.add(rule);
      expect(await storage.put('k', small)).toBe(true);
      expect(planned.hits).toBeGreaterThan(0);
      expect(await storage.put('k', Buffer.from('other'))).toBe(false);
      expect((await read(storage, 'k')).toString()).toBe('small');
    });

    test.each<[string, FaultRule]>([
      ['a part is cut off in the middle', { ...part, fault: { kind: 'cut-request', afterBytes: 3 << 20 } }],
      ['a part is changed on the way', { ...part, fault: { kind: 'flipped-request', atByte: 1000 } }],
      ["a part's answer is lost", { ...part, fault: { kind: 'lost-answer' } }],
      ['the server is busy for a while', { ...part, fault: slow, times: 3 }],
      ['the end is not heard of', { ...complete, fault: { kind: 'lost-answer' } }],
      ['the end is refused at first', { ...complete, fault: slow }],
    ])('an upload arrives whole although %s', async (_, rule) => {
      const planned = proxy.add(rule);
      const writer = await write(storage, 'k');
      expect(await writer.place()).toBe(true);
      expect(planned.hits).toBe(rule.times ?? 1);
      expect((await read(storage, 'k')).equals(content)).toBe(true);
      expect(await server.uploadsIn('plain')).toEqual([]);
    });

    test('an upload that fails for good is told so, and leaves nothing once it is discarded', async () => {
      proxy.add({ ...part, fault: slow, times: Infinity });
      const writer = await write(storage, 'k');
      await expect(writer.place()).rejects.toMatchObject({ code: 's3-busy' });
      await writer.discard();
      expect(await storage.stat('k')).toBeUndefined();
      expect(await server.uploadsIn('plain')).toEqual([]);
    });

    test.each<[string, FaultRule]>([
      ['cut off', { ...get, fault: { kind: 'cut-answer', afterBytes: 4 << 20 }, times: 2 }],
      ['torn, and said to be whole', { ...get, fault: { kind: 'torn-answer', keepBytes: 4 << 20 } }],
    ])('a large body that is %s is gone on with where it ended', async (_, rule) => {
      await (await write(storage, 'k')).place();
      const planned = proxy.add(rule);
      expect((await read(storage, 'k')).equals(content)).toBe(true);
      expect(planned.hits).toBe(rule.times ?? 1);
    });

    test('a small body that was changed on the way is asked for again, and told when it stays so', async () => {
      await storage.put('k', small);
      proxy.add({ ...get, fault: { kind: 'flipped-answer', atByte: 1 } });
      expect(await storage.get('k', 99)).toEqual(new Uint8Array(small));
      proxy.add({ ...get, fault: { kind: 'flipped-answer', atByte: 1 }, times: Infinity });
      await expect(storage.get('k', 99)).rejects.toMatchObject({ code: 's3-damaged' });
      await expect(read(storage, 'k')).rejects.toMatchObject({ code: 's3-damaged' });
    });

    test('clocks that differ do not keep a repository from working', async () => {
      proxy.add({ ...put, fault: { kind: 'skewed', seconds: 3600 } });
      expect(await storage.put('k', small)).toBe(true);
    });

    test('an object that is replaced while it is read is not mixed with the new one', async () => {
      await (await write(storage, 'k')).place();
      proxy.add({ ...get, fault: { kind: 'cut-answer', afterBytes: 9 << 20 } });
      const reader = storage.read('k')[Symbol.asyncIterator]();
      await reader.next();
      await storage.delete('k');
      await storage.put('k', randomBytes(content.length));
      const rest = async (): Promise<void> => {
        while ((await reader.next()).done !== true);
      };
      await expect(rest()).rejects.toMatchObject({
        code: 'file-unreadable',
        why: 'it was replaced meanwhile',
      });
    });

    test('of writers behind bad lines one wins', async () => {
      proxy.add({ ...put, fault: { kind: 'lost-answer' } });
      proxy.add({ ...put, fault: slow });
      const others = await Promise.all(
        Array.from('abcd').map(async (text) => {
          const own = await openS3(settings, { ...quiet, clock: hurried });
          return (await own.put('k', Buffer.from(text))) ? [text] : [];
        }),
      );
      expect(others.flat()).toEqual([(await read(storage, 'k')).toString()]);
    });
  });
}
