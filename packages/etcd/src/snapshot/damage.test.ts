import { createHash } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { buildTestImage, type TestImage } from '../bolt/test-image.ts';
import type { TestHistory } from '../mvcc/test-history.ts';
import { allChecks, failures, outcomes, sample, verify } from './test-sample.ts';

/** Changes an image and gives it a right trailer again, so that only the other checks can tell. */
function forged(
  change: (image: Buffer, history: TestHistory) => void,
  image: Partial<TestImage> = {},
): Buffer {
  const { bytes, history } = sample(image);
  change(bytes, history);
  const body = bytes.subarray(0, -32);
  return Buffer.concat([body, createHash('sha256').update(body).digest()]);
}
/** Where the first page with these flags begins. */
function pageWith(flags: number, image: Buffer): number {
  for (let at = 2048; at < image.length - 32; at += 1024) if (image.readUInt16LE(at + 8) === flags) return at;
  throw new Error('no such page');
}
const leaf = (image: Buffer) => pageWith(2, image);
const branch = (image: Buffer) => pageWith(1, image);
const freelist = (image: Buffer) => pageWith(0x10, image);

/** Rewrites the entries of `key` before the image is built. */
function altered(change: (history: TestHistory) => void): Buffer {
  const { history } = sample();
  change(history);
  return buildTestImage({ buckets: history.buckets(), fanOut: 5 });
}
const lastPut = (history: TestHistory) => history.records.findLastIndex((record) => !record.tombstone);
function replace(history: TestHistory, value: Uint8Array): void {
  const at = lastPut(history);
  const record = history.records[at]!;
  history.records[at] = { ...record, entry: [record.entry[0], value] };
}

describe('damage is found with reason and place', () => {
  test.each<[string, (image: Buffer) => void, string, RegExp]>([
    [
      'a page that names another',
      (i) => i.writeUInt8(99, leaf(i)),
      'tree',
      /page \d+ at byte \d+: the header names page 99/,
    ],
    [
      'flags of no tree',
      (i) => i.writeUInt16LE(0x40, leaf(i) + 8),
      'tree',
      /page \d+ at byte \d+: flags 0x40/,
    ],
    ['too many elements', (i) => i.writeUInt16LE(0xffff, leaf(i) + 10), 'tree', /65535 elements do not fit/],
    [
      'an overflow past the end',
      (i) => i.writeUInt32LE(0xffff_ffff, leaf(i) + 12),
      'tree',
      /overflow of 4294967295 pages/,
    ],
    [
      'a key outside its page',
      (i) => i.writeUInt32LE(5000, leaf(i) + 20),
      'tree',
      /element 0: its key or value lies outside/,
    ],
    [
      'a nested bucket',
      (i) => i.writeUInt32LE(1, leaf(i) + 16),
      'tree',
      /element 0: it is marked as a bucket/,
    ],
    [
      'a child outside the image',
      (i) => i.writeUInt32LE(70_000, branch(i) + 24),
      'tree',
      /element 0: page 70000 is not one/,
    ],
    ['a circle', (i) => i.writeUInt32LE(branch(i) / 1024, branch(i) + 24), 'tree', /is used twice/],
    [
      'a page used twice',
      (i) => i.copy(i, branch(i) + 24, branch(i) + 40, branch(i) + 44),
      'tree',
      /is used twice/,
    ],
  ])('%s', async (_, change, check, message) => {
    const found = await verify(forged(change));
    expect(outcomes(found)).toMatchObject({ trailer: 'passed', [check]: 'failed', hashkv: 'skipped' });
    expect(failures(found)[0]!.detail).toMatch(message);
    expect(found).toMatchObject({ status: null, pages: null, buckets: null, hashKv: null });
  });

  test.each<[string, (history: TestHistory) => void, string, RegExp]>([
    [
      'a record that is no protobuf',
      (h) => replace(h, Buffer.from('0a05', 'hex')),
      'records',
      /a field is longer than the record/,
    ],
    [
      'a record of another revision',
      (h) => replace(h, Buffer.from('0a0161100218022001', 'hex')),
      'records',
      /written in revision 2/,
    ],
    ['a record without a key', (h) => replace(h, Buffer.from('1002', 'hex')), 'records', /it has no key/],
    [
      'a missing revision',
      (h) => void (h.records = h.records.filter(({ main }) => main !== 50)),
      'revisions',
      /revision 51 follows 49: 1 revisions are missing/,
    ],
    [
      'a missing change',
      (h) => h.records.splice(lastPut(h), 1),
      'revisions',
      /revision \d+ begins with change 1/,
    ],
    [
      'missing revisions after the compaction',
      (h) => void (h.records = h.records.filter(({ main }) => main < 28 || main > 33)),
      'revisions',
      /revision 34 follows 30/,
    ],
  ])('%s', async (_, change, check, message) => {
    const found = await verify(altered(change));
    expect(outcomes(found)).toMatchObject({ trailer: 'passed', tree: 'passed', [check]: 'failed' });
    expect(failures(found)[0]!.detail).toMatch(message);
    expect(failures(found)[0]!.detail).toMatch(/page \d+ at byte \d+, element \d+ of bucket key/);
  });

  test('a page in use that the freelist names, and one that is neither', async () => {
    const image = { syncedFreelist: true, gap: 1 };
    const inUse = await verify(
      forged((i) => i.writeBigUInt64LE(BigInt(leaf(i) / 1024), freelist(i) + 16), image),
    );
    expect(failures(inUse)[0]!.detail).toMatch(/in use or free twice.*neither in use nor free/);
  });

  test('a broken first meta: the second one serves, at any page size', async () => {
    for (const pageSize of [1024, 4096, 65_536]) {
      const { bytes } = sample({ pageSize });
      const found = await verify(bytes.fill(0, 0, 100));
      expect(failures(found).map((each) => each.check)).toEqual(['trailer']);
    }
  });

  test('a flipped bit anywhere: a check fails and nothing is thrown', { timeout: 60_000 }, async () => {
    const { bytes } = sample({ syncedFreelist: true });
    for (let at = 0; at < bytes.length; at += 23) {
      bytes[at]! ^= 1 << (at % 8);
      expect(failures(await verify(bytes)).length, `byte ${at}`).toBeGreaterThan(0);
      bytes[at]! ^= 1 << (at % 8);
    }
    expect(failures(await verify(bytes))).toEqual([]);
  });

  test(
    'numbers of any size in headers and elements: it ends, throws nothing and stays within the file',
    { timeout: 60_000 },
    async () => {
      const value = fc.oneof(
        fc.nat(40),
        fc.nat(0xffff_ffff),
        fc.constantFrom(0, 0xffff, 0x7fff_ffff, 0xffff_ffff),
      );
      const writes = fc.array(fc.tuple(fc.nat(), fc.nat(30), fc.constantFrom(1, 2, 4, 8), value), {
        minLength: 1,
        maxLength: 6,
      });
      await fc.assert(
        fc.asyncProperty(writes, fc.boolean(), async (writes, syncedFreelist) => {
          const bytes = forged(
            (image) => {
              for (const [page, word, size, value] of writes) {
                const at = (page % ((image.length - 32) / 1024)) * 1024 + word * 4;
                if (size === 8) image.writeBigUInt64LE(BigInt(value) << 20n, at);
                else image.writeUIntLE(size === 4 ? value : value % 2 ** (8 * size), at, size);
              }
            },
            { syncedFreelist },
          );
          const found = await verify(bytes);
          expect(found.checks.map((each) => each.check)).toEqual(allChecks);
        }),
        { numRuns: 3000 },
      );
    },
  );

  test('truncation at every page and to sizes with the rest of a trailer', async () => {
    const { bytes } = sample();
    for (let end = 0; end < bytes.length; end += 512) {
      for (const size of [end, end + 32]) {
        if (size === bytes.length) continue;
        const found = await verify(bytes.subarray(0, size));
        const reasons = failures(found).map((each) => each.detail);
        expect(reasons.length, `${size} bytes`).toBeGreaterThan(0);
        expect(reasons[0]).toMatch(/byte \d+/);
      }
    }
  });

  test('an empty file, another file, a missing trailer', async () => {
    expect(failures(await verify(new Uint8Array(0)))[1]!.detail).toMatch(
      /page 0 at byte 0: the file is empty/,
    );
    const text = Buffer.from('no database\n'.repeat(1000));
    expect(outcomes(await verify(text))).toMatchObject({
      tree: 'failed',
      records: 'skipped',
      hashkv: 'skipped',
    });
    const { bytes } = sample({ trailer: false });
    expect(failures(await verify(bytes)).map((each) => each.check)).toEqual(['trailer']);
    expect(failures(await verify(bytes, { trailer: 'optional' }))).toEqual([]);
  });

  test('another size or SHA-256 than recorded', async () => {
    const { bytes } = sample();
    const found = await verify(bytes, { expected: { size: bytes.length + 1, sha256: '0'.repeat(64) } });
    expect(failures(found).map((each) => each.check)).toEqual(['size', 'sha256']);
  });
});
