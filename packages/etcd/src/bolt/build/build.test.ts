import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { array, assert, asyncProperty, constant, constantFrom, nat, oneof } from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { verifySnapshotFile } from '../../snapshot/index.ts';
import { ImageInMemory, recordOf } from '../../testing/image-in-memory.ts';
import { openFileSource, openImage, readBuckets, readEntries, type LeafElement } from '../index.ts';
import { appendBucket, extendBucket, type PageAppender } from './index.ts';

const folder = mkdtempSync(join(tmpdir(), 'holdfast-build-'));
const path = join(folder, 'db');
afterAll(() => rmSync(folder, { recursive: true }));

async function recordsOf(path: string): Promise<[string, string][]> {
  const source = openFileSource(path);
  const image = await openImage(source);
  const found: [string, string][] = [];
  for await (const { key, value } of readEntries(image, (await readBuckets(image)).get('key')!)) {
    found.push([hex(key), hex(value)]);
  }
  source.close();
  return found;
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

const sizes = array(oneof({ weight: 20, arbitrary: nat(300) }, nat(5_000), constant(20_000)), {
  minLength: 0,
  maxLength: 600,
});

test('what is built, and what is then added at its right edge in parts, is read back and passes every check', async () => {
  await assert(
    asyncProperty(
      sizes,
      array(sizes, { maxLength: 4 }),
      constantFrom(1024, 4096, 65_536),
      async (first, more, pageSize) => {
        const db = new ImageInMemory(pageSize);
        let main = 1;
        const all: LeafElement[] = [];
        const next = (part: readonly number[]): LeafElement[] => {
          const elements = part.map((size) => recordOf(++main, size));
          all.push(...elements);
          return elements;
        };
        await db.fill('key', next(first));
        for (const part of more) {
          if (part.length === 0) continue;
          writeFileSync(path, await db.finish());
          db.set('key', await extended(path, db.pages, next(part)));
        }
        await db.fill('meta', []);
        writeFileSync(path, await db.finish());
        expect(await recordsOf(path)).toEqual(all.map(({ key, value }) => [hex(key), hex(value)]));
        const { checks, pages } = await verifySnapshotFile(path, { trailer: 'optional' });
        expect(checks.filter(({ outcome }) => outcome === 'failed')).toEqual([]);
        expect(pages!.total).toBe(db.pages.nextPage);
      },
    ),
    { numRuns: 60 },
  );
}, 60_000);

/** Adds to bucket `key` of a finished db, as the edit of a restore does. */
async function extended(path: string, pages: PageAppender, added: readonly LeafElement[]): Promise<Buffer> {
  const source = openFileSource(path);
  try {
    const image = await openImage(source);
    return await extendBucket(image, pages, (await readBuckets(image)).get('key')!, added);
  } finally {
    source.close();
  }
}

/** The element of a page image that is `size` bytes long. */
function imageOf(size: number): LeafElement[] {
  return [{ flags: 0, key: Buffer.from('k'), value: Buffer.alloc(size - 33) }];
}

test('a bucket of up to a quarter of a page is inline, a larger one is a tree', async () => {
  const { pages } = new ImageInMemory(4096);
  expect((await appendBucket(pages, imageOf(1024), 3n)).length).toBe(16 + 1024);
  expect(pages.nextPage).toBe(2);
  const tree = await appendBucket(pages, imageOf(1025), 3n);
  expect([tree.length, tree.readBigUInt64LE(0), tree.readBigUInt64LE(8)]).toEqual([16, 2n, 3n]);
});

test('a branch never has one child only, even where its last page would', async () => {
  const db = new ImageInMemory(1024);
  const full = Math.floor((1024 - 16) / (16 + 17));
  const level = await db.pages.branches(
    Array.from({ length: 2 * full + 1 }, (_, i) => ({ key: recordOf(i, 0).key, child: 9 })),
  );
  expect(db.pages.nextPage).toBe(2 + 1 + 2);
  const bytes = await db.finish();
  expect(level.map(({ child }) => bytes.readUInt16LE(child * 1024 + 10))).toEqual([full, full + 1]);
});
