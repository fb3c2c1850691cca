import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { Failure } from '@holdfast/base';
import * as fc from 'fast-check';
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { ImageInMemory, pairOf, recordOf, withTrailer } from '../testing/image-in-memory.ts';
import { buildDataDir, type BuildOptions, type BuiltDataDir, type SnapshotStream } from './index.ts';

let image: Buffer;
let snapshot: Buffer;
let root: string;
let dataDir: string;
beforeAll(async () => {
  const made = new ImageInMemory(4096);
  const records = Array.from({ length: 3000 }, (_, i) => recordOf(i + 2, 600));
  await made.fill('key', records);
  await made.fill('meta', [pairOf('consistent_index', Buffer.from('000000000000004d', 'hex'))]);
  image = await made.finish();
  snapshot = withTrailer(image);
});
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'holdfast-stream-'));
  dataDir = join(root, 'data');
});
afterEach(() => rmSync(root, { recursive: true }));

/** A stream of pieces, each of which its memory is taken from as soon as the next one is asked for. */
function streamOf(pieces: readonly Uint8Array[], size = snapshot.length): SnapshotStream {
  return {
    name: 'sealed',
    size,
    async *open(signal) {
      for (const piece of pieces) {
        const lent = Uint8Array.from(piece);
        yield lent;
        lent.fill(0xee);
        await setImmediate();
        signal.throwIfAborted();
      }
    },
  };
}

function cut(bytes: Buffer, lengths: readonly number[]): Buffer[] {
  let at = 0;
  const pieces = lengths.map((length) => bytes.subarray(at, (at = Math.min(bytes.length, at + length))));
  return [...pieces, bytes.subarray(at)];
}

function build(source: BuildOptions['source'], options: Partial<BuildOptions> = {}): Promise<BuiltDataDir> {
  return buildDataDir({
    source,
    dataDir,
    name: 'm1',
    members: [{ name: 'm1', peerUrls: ['http://127.0.0.1:2380'] }],
    token: 'tok',
    bump: { by: 1_000, markCompacted: true },
    signal: new AbortController().signal,
    ...options,
  });
}

/** The SHA-256 of every file by its path; the folder is empty again afterwards. */
function taken(): Map<string, string> {
  const files = readdirSync(dataDir, { recursive: true, encoding: 'utf8' })
    .filter((path) => statSync(join(dataDir, path)).isFile())
    .toSorted()
    .map((path): [string, string] => [path, sha256(readFileSync(join(dataDir, path)))]);
  rmSync(dataDir, { recursive: true });
  return new Map(files);
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

test('from a stream in any pieces comes byte for byte what comes from the file', async () => {
  const file = join(root, 'snapshot.db');
  writeFileSync(file, snapshot);
  const fromFile = await build({ file }, { expectedSha256: sha256(snapshot) });
  const expected = taken();
  expect(expected.size).toBe(3);
  const lengths = fc.array(
    fc.oneof(fc.nat(100), fc.nat(200_000), fc.constantFrom(0, 1 << 20, snapshot.length - 33)),
    { maxLength: 30 },
  );
  await fc.assert(
    fc.asyncProperty(lengths, async (lengths) => {
      const seen: number[] = [];
      const options = {
        expectedSha256: sha256(snapshot),
        onProgress: (done: number, total: number) => seen.push(done, total),
      };
      expect(await build(streamOf(cut(snapshot, lengths)), options)).toEqual(fromFile);
      expect(taken()).toEqual(expected);
      expect(seen.slice(-2)).toEqual([image.length, image.length]);
    }),
    { numRuns: 30 },
  );
});

test('a db without a trailer is taken from a stream when told to', async () => {
  const stream = streamOf(cut(image, [5000, 70_000]), image.length);
  await expect(build(stream)).rejects.toMatchObject({ code: 'not-a-snapshot' });
  expect(readdirSync(root)).toEqual([]);
  expect((await build(stream, { skipHashCheck: true })).source).toEqual({
    sha256: sha256(image),
    size: image.length,
  });
  const damaged = Buffer.from(image);
  damaged.writeUInt16LE(0x4000, 2 * 4096 + 10);
  rmSync(dataDir, { recursive: true });
  await expect(build(streamOf([damaged], image.length), { skipHashCheck: true })).rejects.toMatchObject({
    code: 'not-a-snapshot',
    details: { path: 'sealed' },
  });
  expect(readdirSync(root)).toEqual([]);
});

test.each([
  ['that ends early', () => streamOf([snapshot.subarray(0, -1)]), /ends at byte \d+, and should have \d+/],
  ['of nothing', () => streamOf([]), /ends at byte 0/],
  ['that goes on', () => streamOf([snapshot, Buffer.alloc(1)]), /more comes than/],
  ['of nothing but a trailer', () => streamOf([Buffer.alloc(32)], 32), /./],
  [
    'with a changed byte',
    () => streamOf([snapshot.subarray(0, 9000), Buffer.from('x'), snapshot.subarray(9001)]),
    /the SHA-256 of its content is/,
  ],
  [
    'with a changed trailer',
    () => streamOf([image, Buffer.alloc(32, 7)]),
    /0707070707070707 is noted at its end/,
  ],
])('a stream %s is no snapshot, and leaves nothing', async (_, stream, why) => {
  await expect(build(stream())).rejects.toMatchObject({
    code: 'not-a-snapshot',
    details: { path: 'sealed' },
    why: expect.stringMatching(why) as string,
  });
  expect(readdirSync(root)).toEqual([]);
});

test('another snapshot than the expected one is refused', async () => {
  await expect(build(streamOf([snapshot]), { expectedSha256: '0'.repeat(64) })).rejects.toMatchObject({
    code: 'not-a-snapshot',
    why: expect.stringContaining('was expected') as string,
  });
  expect(readdirSync(root)).toEqual([]);
});

test('what a stream throws is passed on as it is, and leaves nothing', async () => {
  const system = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET', syscall: 'read' });
  const damaged = new Failure('object-damaged', 'a chunk is altered', { path: 'sealed' });
  const full = Object.assign(new Error('no space elsewhere'), { code: 'ENOSPC', syscall: 'write' });
  for (const error of [system, damaged, full]) {
    const stream: SnapshotStream = {
      ...streamOf([]),
      async *open() {
        yield snapshot.subarray(0, 3_000_000 % snapshot.length);
        throw error;
      },
    };
    await expect(build(stream)).rejects.toBe(error);
    expect(readdirSync(root)).toEqual([]);
  }
  const unopened: SnapshotStream = {
    ...streamOf([]),
    open() {
      throw damaged;
    },
  };
  await expect(build(unopened)).rejects.toBe(damaged);
});

test('a stream is ended when nothing more of it is wanted', async () => {
  const ends: string[] = [];
  const endless = (afterTwenty: () => void): SnapshotStream => ({
    name: 'sealed',
    size: 5_000_000,
    async *open(signal) {
      try {
        for (let i = 0; ; i++) {
          yield Buffer.alloc(100_000);
          if (i === 20) afterTwenty();
          signal.throwIfAborted();
        }
      } finally {
        ends.push('ended');
      }
    },
  });
  await expect(
    build(
      endless(() => {}),
      { skipHashCheck: true },
    ),
  ).rejects.toMatchObject({
    code: 'not-a-snapshot',
  });
  const abort = new AbortController();
  const reason = new Error('enough');
  const signal = abort.signal;
  const ending = endless(() => abort.abort(reason));
  await expect(build(ending, { signal, skipHashCheck: true })).rejects.toBe(reason);
  expect(ends).toEqual(['ended', 'ended']);
  expect(readdirSync(root)).toEqual([]);
});

test('what does not fit on the disk is not begun', async () => {
  let opened = 0;
  const stream: SnapshotStream = {
    name: 'sealed',
    size: 2 ** 50 + 32,
    open() {
      opened += 1;
      throw new Error('opened');
    },
  };
  await expect(build(stream)).rejects.toMatchObject({ code: 'not-enough-space' });
  expect([opened, readdirSync(root)]).toEqual([0, []]);
});
