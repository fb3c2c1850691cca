import { isFailure } from '@holdfast/base';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { lastEntry, openImage, parseMeta, readBuckets, readEntries, rightSpine } from './index.ts';
import { fnv1a64 } from './fnv.ts';
import { buildTestImage, bytesSource, type TestEntry } from './test-image.ts';

const entries = fc
  .uniqueArray(fc.integer({ min: 1, max: 0xffff }), { maxLength: 60 })
  .map((numbers) =>
    numbers
      .sort((a, b) => a - b)
      .map((n): TestEntry => [Buffer.from(n.toString(16).padStart(4, '0')), Buffer.alloc(n % 1500, n)]),
  );

const plain = (list: readonly { key: Uint8Array; value: Uint8Array }[]) =>
  list.map(({ key, value }) => [Buffer.from(key), Buffer.from(value)]);

test('FNV-1a equals its published vectors', () => {
  expect(fnv1a64(Buffer.from(''))).toBe(0xcbf29ce484222325n);
  expect(fnv1a64(Buffer.from('foobar'))).toBe(0x85944171f73967e8n);
});

test('a bucket gives its entries, its last one, its spine, and its tail from any key', async () => {
  const layout = fc.record({ fanOut: fc.integer({ min: 2, max: 6 }), backwards: fc.boolean() });
  await fc.assert(
    fc.asyncProperty(entries, layout, fc.nat(0xffff), async (entries, layout, from) => {
      const image = await openImage(
        bytesSource(buildTestImage({ buckets: { key: entries, tiny: [] }, ...layout })),
      );
      const buckets = await readBuckets(image);
      expect([...buckets.keys()]).toEqual(['key', 'tiny']);
      const bucket = buckets.get('key')!;

      expect(plain(await Array.fromAsync(readEntries(image, bucket)))).toEqual(entries);
      const first = Buffer.from(from.toString(16).padStart(4, '0'));
      const tail = entries.filter(([key]) => Buffer.compare(key, first) >= 0);
      expect(plain(await Array.fromAsync(readEntries(image, bucket, first)))).toEqual(tail);
      const last = await lastEntry(image, bucket);
      expect(last === null ? [] : plain([last])).toEqual(entries.slice(-1));
      const spine = await rightSpine(image, bucket);
      expect(spine.slice(0, -1).every((page) => page.flags === 1) && spine.at(-1)!.flags === 2).toBe(true);
    }),
  );
});

describe('metas', () => {
  test('the newer valid one serves; with one broken, the other', async () => {
    const bytes = buildTestImage({ buckets: { key: [] }, pageSize: 4096 });
    expect((await openImage(bytesSource(bytes))).meta.transaction).toBe(7n);
    bytes[60]! ^= 1;
    expect(parseMeta(bytes)).toBeNull();
    expect((await openImage(bytesSource(bytes))).meta.transaction).toBe(6n);
    bytes[4096 + 60]! ^= 1;
    await expect(openImage(bytesSource(bytes))).rejects.toMatchObject({ code: 'not-a-snapshot' });
  });
});

test('a cursor ends at damage, with the place, and never runs in circles', async () => {
  const buckets = {
    key: Array.from({ length: 40 }, (_, i): TestEntry => [Buffer.from([i]), Buffer.alloc(300)]),
  };
  const bytes = buildTestImage({ buckets, fanOut: 2 });
  const pages = Math.floor(bytes.length / 1024);
  await fc.assert(
    fc.asyncProperty(fc.nat(pages - 3), fc.nat(20), fc.nat(60), async (page, word, value) => {
      const copy = Buffer.from(bytes);
      copy.writeUInt32LE(value, (page + 2) * 1024 + word * 4);
      const image = await openImage(bytesSource(copy));
      const read = async () => {
        for (const bucket of (await readBuckets(image)).values())
          await Array.fromAsync(readEntries(image, bucket));
      };
      const why = await read().catch((error: unknown) => {
        if (isFailure(error, 'not-a-snapshot')) return error.why;
        throw error;
      });
      expect(why ?? 'page 0 at byte 0: nothing').toMatch(/^(page \d+ at byte \d+|bucket )/);
    }),
    { numRuns: 1000 },
  );
});
