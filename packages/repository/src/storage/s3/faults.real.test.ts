import { randomBytes } from 'node:crypto';
import { failureTable, isFailure, type FailureCode } from '@holdfast/base';
import {
  faultProxy,
  inTurn,
  s3Kinds,
  s3OrSkip,
  s3Server,
  type FaultProxy,
  type FaultRule,
  type S3Server,
} from '@holdfast/test-servers';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Storage } from '../storage.ts';
import { openS3 } from './open.ts';
import type { S3Settings } from './settings.ts';
import { hurried, quiet, readAll, settingsOf, writeAll } from './testing/settings-of.ts';

const content = randomBytes((5 << 20) + 1000);
const small = randomBytes(1200);
const forEver = new Date(8.64e15);

type Fault = FaultRule['fault'];
type Outcome = readonly [code: FailureCode, why: RegExp];
/** What is done, and what has to be there after it was told as done. */
type Act = 'put' | 'upload' | 'get' | 'read' | 'list' | 'delete';

const refused: Fault = { kind: 'answer', status: 403, code: 'AccessDenied' };
const gone: Fault = { kind: 'answer', status: 404, code: 'NoSuchBucket' };
const inside: Fault = { kind: 'answer', status: 500, code: 'InternalError' };
const busy: Fault = { kind: 'answer', status: 503, code: 'SlowDown' };
const skewed: Fault = { kind: 'skewed', seconds: 3600 };
const unheard: Fault = { kind: 'lost-answer' };
/** Slow and not dead; and as good as dead. */
const slow: Fault = { kind: 'throttle', bytesPerSecond: 1000 };
const stuck: Fault = { kind: 'throttle', bytesPerSecond: 0.1 };

const requests: Readonly<Record<string, Omit<FaultRule, 'fault'>>> = {
  put: { method: 'PUT', target: /\/snapshot\.db(?!.*uploadId)/ },
  begin: { method: 'POST', target: /\/snapshot\.db\?uploads/ },
  part: { method: 'PUT', target: /\/snapshot\.db.*partNumber=1/ },
  complete: { method: 'POST', target: /\/snapshot\.db\?.*uploadId/ },
  head: { method: 'HEAD', target: /\/snapshot\.db/ },
  get: { method: 'GET', target: /\/snapshot\.db/ },
  list: { method: 'GET', target: /list-type/ },
  delete: { method: 'DELETE', target: /\/snapshot\.db(?!.*uploadId)/ },
};

const denied = (action: string): Outcome => ['s3-permission', new RegExp(`s3:${action} .*AccessDenied`)];
const noBucket: Outcome = ['s3-bucket-missing', /no bucket/];
const isInside: Outcome = ['s3-busy', /InternalError/];
const isBusy: Outcome = ['s3-busy', /SlowDown/];
const lost: Outcome = ['s3-unreachable', /the connection was lost/];
const tooSlow: Outcome = ['s3-unreachable', /did not answer in time/];
const askew: Outcome = ['s3-clock', /this machine is (1h00m|59m5\ds) behind/];
const onTheWay: Outcome = ['s3-busy', /damaged on the way/];
const otherBytes: Outcome = ['s3-damaged', /SHA-256/];
const notWhole: Outcome = ['s3-busy', /is not whole/];

/**
 * What is done, which of its requests meets which fault, and what comes of it when the fault stays. One that passes is got
 * over, unless it is a refusal: that is told at once.
 */
const table: readonly [act: Act, request: string, fault: Fault, stays: Outcome | 'done', passes?: 'told'][] =
  [
    ['put', 'put', refused, denied('PutObject'), 'told'],
    ['put', 'put', gone, noBucket, 'told'],
    ['put', 'put', inside, isInside],
    ['put', 'put', busy, isBusy],
    ['put', 'put', { kind: 'cut-request', afterBytes: 100 }, lost],
    ['put', 'put', unheard, 'done'],
    ['put', 'put', slow, 'done'],
    ['put', 'put', stuck, tooSlow],
    ['put', 'put', { kind: 'flipped-request', atByte: 7 }, onTheWay],
    ['put', 'put', skewed, askew],
    ['put', 'head', unheard, 'done'],
    ['upload', 'begin', refused, denied('PutObject'), 'told'],
    ['upload', 'begin', unheard, lost],
    ['upload', 'begin', { kind: 'torn-answer', keepBytes: 60 }, notWhole],
    ['upload', 'part', refused, denied('PutObject'), 'told'],
    ['upload', 'part', inside, isInside],
    ['upload', 'part', busy, isBusy],
    ['upload', 'part', { kind: 'cut-request', afterBytes: 3 << 20 }, lost],
    ['upload', 'part', unheard, lost],
    ['upload', 'part', stuck, tooSlow],
    ['upload', 'part', { kind: 'flipped-request', atByte: 1000 }, onTheWay],
    ['upload', 'complete', refused, denied('PutObject'), 'told'],
    ['upload', 'complete', inside, isInside],
    ['upload', 'complete', busy, isBusy],
    ['upload', 'complete', { kind: 'cut-request', afterBytes: 9 }, lost],
    ['upload', 'complete', unheard, 'done'],
    ['upload', 'complete', { kind: 'torn-answer', keepBytes: 60 }, 'done'],
    ['get', 'get', refused, denied('GetObject'), 'told'],
    ['get', 'get', gone, noBucket, 'told'],
    ['get', 'get', inside, isInside],
    ['get', 'get', busy, isBusy],
    ['get', 'get', { kind: 'cut-answer', afterBytes: 100 }, lost],
    ['get', 'get', { kind: 'torn-answer', keepBytes: 100 }, otherBytes],
    ['get', 'get', { kind: 'flipped-answer', atByte: 7 }, otherBytes],
    ['get', 'get', slow, 'done'],
    ['get', 'get', stuck, tooSlow],
    ['read', 'get', refused, denied('GetObject'), 'told'],
    ['read', 'get', busy, isBusy],
    ['read', 'get', { kind: 'cut-answer', afterBytes: 4 << 20 }, 'done'],
    ['read', 'get', { kind: 'cut-answer', afterBytes: 0 }, lost],
    ['read', 'get', { kind: 'torn-answer', keepBytes: 4 << 20 }, 'done'],
    ['read', 'get', stuck, tooSlow],
    ['list', 'list', refused, denied('ListBucket'), 'told'],
    ['list', 'list', busy, isBusy],
    ['list', 'list', { kind: 'cut-answer', afterBytes: 60 }, lost],
    ['list', 'list', { kind: 'torn-answer', keepBytes: 150 }, notWhole],
    ['list', 'list', slow, 'done'],
    ['delete', 'delete', refused, denied('DeleteObject'), 'told'],
    ['delete', 'delete', busy, isBusy],
    ['delete', 'delete', unheard, 'done'],
  ];

async function keysOf(storage: Storage, folder: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { key } of storage.list(folder)) found.push(key);
  return found;
}

function isTold(error: unknown, [code, why]: Outcome): void {
  if (!isFailure(error)) throw error;
  expect([error.code, `${error.message}: ${error.why}`]).toEqual([code, expect.stringMatching(why)]);
  expect(failureTable[error.code].next).not.toBe('');
}

for (const kind of s3Kinds) {
  describe.skipIf((await s3OrSkip(kind)).skip)(`${kind} behind a bad line`, () => {
    let server: S3Server;
    let proxy: FaultProxy;
    let settings: S3Settings;
    /** On a good line, to look at what came of it on the bad one. */
    let direct: Storage;
    let storage: Storage;
    let impatient: Storage;
    let hasty: Storage;
    let folder: string;
    let key: string;
    let count = 0;
    beforeAll(async () => {
      server = await s3Server(kind);
      await server.makeBucket('plain');
      proxy = await faultProxy({ upstream: server.endpoint, ca: server.ca });
      const own = settingsOf(server, 'plain');
      settings = { ...own, endpoint: proxy.endpoint, ca: proxy.ca };
      direct = await openS3(own, quiet);
      storage = await openS3(settings, { ...quiet, clock: hurried });
      impatient = await openS3(settings, { ...quiet, clock: hurried, idleMs: 700 });
      hasty = await openS3(settings, { ...quiet, clock: hurried, idleMs: 250 });
      // What a server can do is asked once.
      for (const each of [direct, storage]) {
        next();
        await each.put(`${folder}/small`, small);
        await (await writeAll(each, key, small)).place();
      }
    });
    beforeEach(next);
    afterAll(async () => {
      await proxy?.[Symbol.asyncDispose]();
      await server?.[Symbol.asyncDispose]();
    });

    function next(): void {
      count += 1;
      folder = `clusters/c/snapshots/${count}`;
      key = `${folder}/snapshot.db`;
    }

    const acts: Record<Act, { body: Buffer; before: boolean; do: (on: Storage) => Promise<unknown> }> = {
      put: { body: small, before: false, do: async (on) => expect(await on.put(key, small)).toBe(true) },
      upload: {
        body: content,
        before: false,
        do: async (on) => expect(await (await writeAll(on, key, content)).place()).toBe(true),
      },
      get: {
        body: small,
        before: true,
        do: async (on) => expect(Buffer.from((await on.get(key, 9999)) ?? []).equals(small)).toBe(true),
      },
      read: {
        body: content,
        before: true,
        do: async (on) => expect((await readAll(on, key)).equals(content)).toBe(true),
      },
      list: { body: small, before: true, do: async (on) => expect(await keysOf(on, folder)).toEqual([key]) },
      delete: { body: small, before: true, do: async (on) => expect(await on.delete(key)).toBe(true) },
    };

    const uploads = async (): Promise<unknown> =>
      (await server.uploadsIn('plain')).filter((each) => each.key.endsWith(key));

    /** Nothing listed that is not whole, and nothing unfinished left once that is removed. */
    async function isInOrder(body: Buffer, there?: boolean): Promise<void> {
      const keys = await keysOf(direct, folder);
      if (there !== undefined) expect(keys).toEqual(there ? [key] : []);
      for (const each of keys) expect((await readAll(direct, each)).equals(body)).toBe(true);
      await direct.removeStale(forEver);
      expect(await uploads()).toEqual([]);
    }

    test.each(inTurn(table, 2))('%s, where %s meets %j', async (act, request, fault, stays, passes) => {
      const { body, before, do: run } = acts[act];
      // What is sent goes into the kernel at once: only what is received shows that a line lives.
      const alive = act === 'put' ? storage : impatient;
      const on = fault === stuck ? hasty : fault === slow ? alive : storage;
      const expected = { once: passes ?? 'done', always: stays === 'done' ? 'done' : 'told' };
      for (const [times, outcome] of [
        [1, expected.once],
        [Infinity, expected.always],
      ] as const) {
        next();
        if (before && body === small) await direct.put(key, body);
        else if (before) await (await writeAll(direct, key, body)).place();
        const planned = proxy.add({ ...requests[request], fault, times });
        const found = await run(on).then(
          () => 'done',
          (error: unknown) => error,
        );
        planned.remove();
        expect(planned.hits).toBeGreaterThan(0);
        if (outcome === 'done' || stays === 'done') expect(found).toBe('done');
        else isTold(found, stays);
        await isInOrder(body, outcome === 'done' ? act !== 'delete' : undefined);
      }
    });

    test('what a listing that lags does not show yet is there, and what it still shows may be gone', async () => {
      const [one, two] = [`${folder}/1`, `${folder}/2`];
      await storage.put(one, small);
      expect(await keysOf(storage, folder)).toEqual([one]);
      const planned = proxy.add({ ...requests['list'], fault: { kind: 'lagging-list' } });
      await storage.put(two, small);
      expect(await storage.put(two, small)).toBe(false);
      await storage.delete(one);
      expect(await keysOf(storage, folder)).toEqual([one]);
      expect(planned.hits).toBe(1);
      expect(await storage.get(one, 9999)).toBeUndefined();
      expect(await storage.stat(two)).toMatchObject({ size: small.length });
      expect(await keysOf(storage, folder)).toEqual([two]);
    });

    test('without conditional writes a listing that lags lets nobody overwrite', async () => {
      const planned = proxy.add({ ...requests['list'], fault: { kind: 'lagging-list' }, times: 3 });
      const alone = await openS3({ ...settings, conditionalWrites: 'none' }, { ...quiet, clock: hurried });
      const wins = await Promise.all(['a', 'b', 'c'].map((text) => alone.put(key, Buffer.from(text))));
      planned.remove();
      expect(wins.filter(Boolean)).toHaveLength(1);
      expect((await readAll(direct, key)).toString()).toBe('abc'[wins.indexOf(true)]);
    });

    test('an upload that failed for good leaves nothing once it is discarded', async () => {
      const planned = proxy.add({ ...requests['part'], fault: busy, times: Infinity });
      const writer = await writeAll(storage, key, content);
      await expect(writer.place()).rejects.toMatchObject({ code: 's3-busy' });
      await writer.discard();
      planned.remove();
      expect(await direct.stat(key)).toBeUndefined();
      expect(await uploads()).toEqual([]);
    });

    test('an object that is replaced while it is read is not mixed with the new one', async () => {
      const cutAt = 4 << 20;
      await (await writeAll(storage, key, content)).place();
      proxy.add({ ...requests['get'], fault: { kind: 'cut-answer', afterBytes: cutAt } });
      const reader = storage.read(key)[Symbol.asyncIterator]();
      for (let at = 0; at < cutAt;) at += ((await reader.next()).value as Uint8Array).length;
      await storage.delete(key);
      await storage.put(key, randomBytes(content.length));
      const rest = async (): Promise<void> => {
        while ((await reader.next()).done !== true);
      };
      await expect(rest()).rejects.toMatchObject({
        code: 'file-unreadable',
        why: 'it was replaced meanwhile',
      });
    });

    test('of writers behind bad lines one wins', async () => {
      proxy.add({ ...requests['put'], fault: unheard });
      proxy.add({ ...requests['put'], fault: busy });
      const others = await Promise.all(
        Array.from('abcd').map(async (text) => {
          const own = await openS3(settings, { ...quiet, clock: hurried });
          return (await own.put(key, Buffer.from(text))) ? [text] : [];
        }),
      );
      expect(others.flat()).toEqual([(await readAll(storage, key)).toString()]);
    });
  });
}
