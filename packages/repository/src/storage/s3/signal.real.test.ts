import { randomBytes } from 'node:crypto';
import { Failure } from '@holdfast/base';
import {
  faultProxy,
  s3Kinds,
  s3OrSkip,
  s3Server,
  type FaultProxy,
  type FaultRule,
  type S3Server,
} from '@holdfast/test-servers';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Storage } from '../storage.ts';
import { openS3 } from './open.ts';
import type { S3Settings } from './settings.ts';
import { quiet, readAll, settingsOf, writeAll } from './testing/settings-of.ts';

const content = randomBytes(11 << 20);
const slow = { kind: 'throttle', bytesPerSecond: 1000 } as const;
const part = { method: 'PUT', target: /partNumber=2/ };

for (const kind of s3Kinds) {
  describe.skipIf((await s3OrSkip(kind)).skip)(`${kind}, ended by a signal`, () => {
    let server: S3Server;
    let proxy: FaultProxy;
    let settings: S3Settings;
    let storage: Storage;
    let stop: AbortController;
    const reason = new Failure('interrupted', 'SIGINT was received');
    beforeAll(async () => {
      server = await s3Server(kind);
      await server.makeBucket('plain');
    });
    afterAll(async () => server?.[Symbol.asyncDispose]());
    beforeEach(async () => {
      proxy = await faultProxy({ upstream: server.endpoint, ca: server.ca });
      settings = { ...settingsOf(server, 'plain'), endpoint: proxy.endpoint, ca: proxy.ca };
      stop = new AbortController();
      storage = await openS3(settings, { ...quiet, signal: stop.signal });
    });
    afterEach(async () => proxy[Symbol.asyncDispose]());

    /** Sends the signal when a fault has befallen a request of `act`, which then has to end. */
    async function endsAtOnce(rule: FaultRule, act: () => Promise<unknown>): Promise<void> {
      const planned = proxy.add(rule);
      const done = act().catch((error: unknown) => error);
      await vi.waitFor(() => expect(planned.hits).toBe(1), { interval: 10 });
      const from = performance.now();
      stop.abort(reason);
      expect(await done).toBe(reason);
      expect(performance.now() - from).toBeLessThan(1000);
      planned.remove();
    }

    test('an upload ends at once, and leaves nothing when it is discarded', async () => {
      const writer = await storage.create('k');
      await endsAtOnce({ ...part, fault: slow }, async () => {
        await writer.write(content);
        await writer.place();
      });
      await expect(writer.place()).rejects.toBe(reason);
      const from = performance.now();
      await writer.discard();
      expect(performance.now() - from).toBeLessThan(1000);
      expect(await server.uploadsIn('plain')).toEqual([]);
      await expect(storage.stat('k')).rejects.toBe(reason);
    });

    test('an upload that is not discarded is gone on with later', async () => {
      const writer = await storage.create('k');
      await endsAtOnce({ ...part, fault: slow }, async () => {
        await writer.write(content);
        await writer.place();
      });
      const later = await openS3(settings, quiet);
      const second = await writeAll(later, 'k', content, writer.resume);
      expect(second.resume).toBe(writer.resume);
      expect(await second.place()).toBe(true);
      expect((await readAll(later, 'k')).equals(content)).toBe(true);
    });

    test('an upload that is being begun is ended again', async () => {
      await endsAtOnce({ method: 'POST', target: /uploads/, fault: slow }, () => storage.create('k'));
      expect(await server.uploadsIn('plain')).toEqual([]);
    });

    test.each<[string, FaultRule, () => Promise<unknown>]>([
      ['a download', { method: 'GET', target: /\/k\b/, fault: slow }, () => readAll(storage, 'k')],
      ['a small object', { method: 'GET', target: /\/k\b/, fault: slow }, () => storage.get('k', 1 << 30)],
      [
        'a listing',
        { method: 'GET', target: /list-type/, fault: { ...slow, bytesPerSecond: 1 } },
        () => storage.isEmpty(),
      ],
      ['a put', { method: 'PUT', target: /\/l\b/, fault: slow }, () => storage.put('l', content)],
      [
        'a pause',
        { method: 'HEAD', fault: { kind: 'answer', status: 503, code: 'SlowDown' }, times: Infinity },
        () => storage.stat('k'),
      ],
    ])('%s ends at once', async (_, rule, act) => {
      await (await writeAll(storage, 'k', content)).place();
      await endsAtOnce(rule, act);
    });

    test('what is asked for after the signal is not begun', async () => {
      stop.abort(reason);
      await expect(storage.put('k', Buffer.from('x'))).rejects.toBe(reason);
      await expect(storage.create('k')).rejects.toBe(reason);
      await expect(readAll(storage, 'k')).rejects.toBe(reason);
      expect(await server.uploadsIn('plain')).toEqual([]);
    });
  });
}
