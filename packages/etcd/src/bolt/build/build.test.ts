import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { array, assert, asyncProperty, constant, constantFrom, nat, oneof } from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { verifySnapshotFile } from '../../snapshot/index.ts';
import {
  bucketElementFlag,
  openFileSource,
  openImage,
  readBuckets,
  readEntries,
  type LeafElement,
} from '../index.ts';
import { formatRevision } from '../../mvcc/index.ts';
import { appendBucket, appendTree, extendBucket, metaImage, PageAppender } from './index.ts';

const folder = mkdtempSync(join(tmpdir(), 'holdfast-build-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** A record as etcd has it: a put of key `k`, whose value is `size` bytes long. */
function record(main: number, size: number): LeafElement {
  const value = Buffer.alloc(size, main);
  const length = [...varint(size)];
  const head = [0x0a, 1, 0x6b, 0x10, 1, 0x18, ...varint(main), 0x20, 1];
  return {
    flags: 0,
    key: formatRevision({ main, sub: 0, tombstone: false }),
    value: Buffer.from([...head, ...(size === 0 ? [] : [0x2a, ...length, ...value])]),
  };
}

function varint(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...varint(Math.floor(value / 128))];
}

/** A db in memory, whose pages are written as they come. */
function dbOf(pageSize: number): {
  pages: PageAppender;
  bytes: () => Buffer;
  finish(buckets: Map<string, Buffer>): Promise<string>;
} {
  const chunks: [number, Buffer][] = [];
  const pages = new PageAppender(pageSize, 2, async (bytes, at) => {
    chunks.push([at, Buffer.from(bytes)]);
  });
  const bytes = (): Buffer => {
    const whole = Buffer.alloc(pages.nextPage * pageSize);
    for (const [at, chunk] of chunks) chunk.copy(whole, at);
    return whole;
  };
  return {
    pages,
    bytes,
    async finish(buckets) {
      const elements = [...buckets].map(([name, value]) => ({
        flags: bucketElementFlag,
        key: Buffer.from(name),
        value,
      }));
      const root = await appendTree(pages, elements);
      for (const id of [0, 1] as const) {
        const meta = { pageSize, root, sequence: 0n, pages: pages.nextPage, transaction: BigInt(6 - id) };
        chunks.push([id * pageSize, metaImage(id, meta)]);
      }
      const path = join(folder, 'db');
      writeFileSync(path, bytes());
      return path;
    },
  };
}

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
        const db = dbOf(pageSize);
        let main = 1;
        const all: LeafElement[] = [];
        const next = (part: readonly number[]): LeafElement[] => {
          const elements = part.map((size) => record(++main, size));
          all.push(...elements);
          return elements;
        };
        let value = await appendBucket(db.pages, next(first), 7n);
        for (const part of more) {
          if (part.length === 0) continue;
          const path = await db.finish(new Map([['key', value]]));
          value = await extended(path, db.pages, next(part));
        }
        const path = await db.finish(
          new Map([
            ['key', value],
            ['meta', await appendBucket(db.pages, [], 0n)],
          ]),
        );
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
  const { pages } = dbOf(4096);
  expect((await appendBucket(pages, imageOf(1024), 3n)).length).toBe(16 + 1024);
  expect(pages.nextPage).toBe(2);
  const tree = await appendBucket(pages, imageOf(1025), 3n);
  expect([tree.length, tree.readBigUInt64LE(0), tree.readBigUInt64LE(8)]).toEqual([16, 2n, 3n]);
});

test('a branch never has one child only, even where its last page would', async () => {
  const { pages, bytes } = dbOf(1024);
  const full = Math.floor((1024 - 16) / (16 + 17));
  const level = await pages.branches(
    Array.from({ length: 2 * full + 1 }, (_, i) => ({ key: record(i, 0).key, child: 9 })),
  );
  expect(level.map(({ child }) => bytes().readUInt16LE(child * 1024 + 10))).toEqual([full, full + 1]);
  expect(pages.nextPage).toBe(2 + 1 + 2);
});
