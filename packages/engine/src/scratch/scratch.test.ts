import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { CounterMode } from './counter-mode.ts';
import { fillScratch, openScratch, type Scratch } from './index.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-scratch-'));
});
afterEach(() => {
  expect([readdirSync(folder), hiddenFiles()]).toEqual([[], []]);
  rmSync(folder, { recursive: true });
});

/** What this process has open of the folder, as paths that can be read although the files have no name. */
function hiddenFiles(): string[] {
  return readdirSync('/proc/self/fd')
    .map((name) => join('/proc/self/fd', name))
    .filter((path) => linkOf(path).startsWith(folder));
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

function pattern(size: number): Buffer {
  return Buffer.from(Array.from({ length: size }, (_, i) => (i * 31 + (i >> 8)) & 0xff));
}

function bytesOf(scratch: Scratch, position: number, length: number): Buffer {
  const target = Buffer.alloc(length, 0xee);
  const got = scratch.source('sealed').read(target, position) as number;
  return target.subarray(0, got);
}

const { signal } = new AbortController();

test('any range of what is written can be read, while more comes and at the end', async () => {
  const ranges = fc.array(fc.tuple(fc.nat(5000), fc.nat(600)), { minLength: 1, maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(0, 1, 16, 1000, 4096),
      fc.boolean(),
      fc.array(fc.tuple(fc.nat(700), ranges), { maxLength: 12 }),
      async (memoryBytes, sizeKnown, writes) => {
        const all = pattern(writes.reduce((sum, [length]) => sum + length, 0));
        const size = sizeKnown ? { size: all.length } : {};
        await using scratch = await openScratch({ folder, memoryBytes, ...size });
        let at = 0;
        for (const [length, ranges] of writes) {
          const lent = Buffer.from(all.subarray(at, (at += length)));
          const writing = scratch.write(lent);
          lent.fill(0xee);
          expect(scratch.size).toBeLessThanOrEqual(at);
          expect(bytesOf(scratch, 0, scratch.size)).toEqual(all.subarray(0, scratch.size));
          await writing;
          expect([scratch.size, scratch.source('sealed').size]).toEqual([at, at]);
          for (const [position, length] of ranges)
            expect(bytesOf(scratch, position, length)).toEqual(
              all.subarray(0, at).subarray(position, position + length),
            );
        }
      },
    ),
    { numRuns: 100 },
  );
});

test('a range over many blocks of memory and many steps of the cipher is whole', async () => {
  const MiB = 1024 * 1024;
  const all = pattern(5 * MiB + 77);
  await using scratch = await openScratch({ folder, memoryBytes: 2 * MiB + 5 });
  for (let at = 0; at < all.length; at += 700_001) void scratch.write(all.subarray(at, at + 700_001));
  await scratch.write(Buffer.alloc(0));
  await scratch.write(Buffer.from('x'));
  expect(scratch.size).toBe(all.length + 1);
  for (const [from, to] of [
    [0, all.length],
    [MiB - 3, 4 * MiB + 9],
    [2 * MiB + 5, 2 * MiB + 6],
    [3 * MiB + 1, all.length],
  ] as const) {
    expect(bytesOf(scratch, from, to - from).equals(all.subarray(from, to))).toBe(true);
  }
});

test('what is on the disk is for nobody: no name, no other user, no plain byte', async () => {
  const plain = Buffer.alloc(100_000, 'a secret of the cluster ');
  const stored: Buffer[] = [];
  for (let i = 0; i < 2; i++) {
    await using scratch = await openScratch({ folder, memoryBytes: 1000 });
    await scratch.write(plain);
    expect(readdirSync(folder)).toEqual([]);
    const [path, ...more] = hiddenFiles();
    expect(more).toEqual([]);
    expect(statSync(path!).mode & 0o777).toBe(0o600);
    stored.push(readFileSync(path!));
    expect(scratch.size).toBe(plain.length);
  }
  const [one, two] = stored as [Buffer, Buffer];
  expect([one.length, one.includes('cluster')]).toEqual([99_000, false]);
  const same = one.filter((byte, i) => byte === two[i]).length;
  expect(same).toBeLessThan(one.length / 100);
});

test('a key stream does not come again after 2^32 blocks, and begins anywhere', () => {
  const cipher = new CounterMode();
  const streamAt = (position: number, length = 64): string => {
    const zeros = Buffer.alloc(length);
    cipher.decrypt(zeros, position);
    return zeros.toString('hex');
  };
  const starts = [0, 2 ** 32, 2 ** 36, 2 ** 40, 2 ** 52];
  expect(new Set(starts.map((at) => streamAt(at))).size).toBe(starts.length);
  for (const at of starts) expect(streamAt(at + 21, 43)).toBe(streamAt(at).slice(42));
});

test('what is small needs no folder; what is not is told of before it comes, where its size is known', async () => {
  const none = join(folder, 'none');
  {
    await using small = await openScratch({ folder: none, size: 1000, memoryBytes: 1000 });
    await small.write(pattern(1000));
    expect(bytesOf(small, 0, 2000)).toEqual(pattern(1000));
    expect(() => small.write(Buffer.alloc(1))).toThrow(
      expect.objectContaining({ code: 'file-unwritable', details: { path: none } }),
    );
  }
  await expect(openScratch({ folder: none, size: 1001, memoryBytes: 1000 })).rejects.toMatchObject({
    code: 'file-unwritable',
    details: { path: none },
  });
  await expect(openScratch({ folder, size: 2 ** 50 })).rejects.toMatchObject({
    code: 'not-enough-space',
    details: { path: folder },
  });
});

test('nothing is read after it was disposed of', async () => {
  const scratch = await openScratch({ folder, memoryBytes: 10 });
  await scratch.write(pattern(100));
  const source = scratch.source('sealed');
  await source.close();
  expect(bytesOf(scratch, 0, 100)).toEqual(pattern(100));
  await scratch[Symbol.asyncDispose]();
  await scratch[Symbol.asyncDispose]();
  expect(() => source.read(Buffer.alloc(100), 0)).toThrow();
  expect(() => source.read(Buffer.alloc(10), 50)).toThrow();
});

/** 50208 bytes with a trailer of zeros, most of them in memory that is used again. */
async function* stream(error?: Error): AsyncGenerator<Uint8Array> {
  const lent = Buffer.alloc(1000);
  for (let i = 0; i < 50; i++) {
    lent.fill(i);
    yield lent;
  }
  yield Buffer.alloc(208);
  if (error !== undefined) throw error;
}

test('a stream is written and hashed in one pass, and what it throws is passed on', async () => {
  await using scratch = await openScratch({ folder, memoryBytes: 7000 });
  const seen: number[] = [];
  const hashes = await fillScratch(scratch, stream(), { signal, onProgress: (done) => seen.push(done) });
  expect(seen.slice(-2)).toEqual([50_000, 50_208]);
  const whole = bytesOf(scratch, 0, 50_208);
  const file = createHash('sha256').update(whole).digest('hex');
  const image = createHash('sha256').update(whole.subarray(0, -32)).digest('hex');
  expect(hashes).toEqual({ file, image, trailer: '00'.repeat(32) });
  expect(bytesOf(scratch, 49_999, 2)).toEqual(Buffer.from([49, 0]));

  await using second = await openScratch({ folder, memoryBytes: 0 });
  const error = new Error('broken');
  await expect(fillScratch(second, stream(error), { signal })).rejects.toBe(error);
  const reason = new Error('enough');
  await expect(fillScratch(second, stream(), { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
});
