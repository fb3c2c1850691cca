import { createHash } from 'node:crypto';
import { fnv1a64 } from './fnv.ts';
import type { ByteSource } from './source.ts';

/** An entry of a bucket to be built. */
export type TestEntry = readonly [key: Uint8Array, value: Uint8Array];

/** An image to be built for a test. */
export interface TestImage {
  readonly buckets: Readonly<Record<string, readonly TestEntry[]>>;
  readonly pageSize?: number;
  /** Elements of a leaf or branch before it is split; small numbers make deep trees of few entries. */
  readonly fanOut?: number;
  /** Pages left free between two used ones. */
  readonly gap?: number;
  /** Writes later pages before earlier ones, as after many rewrites. */
  readonly backwards?: boolean;
  readonly syncedFreelist?: boolean;
  readonly trailer?: boolean;
}

interface Built {
  readonly id: number;
  readonly firstKey: Uint8Array;
}

interface Element {
  readonly head: (pos: number) => Buffer;
  readonly data: Uint8Array;
}

/**
 * Builds a bbolt file, independently of the code that reads and writes them: from the description of the format
 * alone, without concern for speed.
 */
export function buildTestImage({
  buckets,
  pageSize = 1024,
  fanOut = 4,
  gap = 0,
  backwards = false,
  syncedFreelist = false,
  trailer = true,
}: TestImage): Buffer {
  const pages = new Map<number, Buffer>();
  const used = new Set([0, 1]);
  const total = 4000;
  let [low, high] = [2, total];
  const place = (body: (id: number, overflow: number) => Buffer): number => {
    const count = Math.ceil(body(0, 0).length / pageSize);
    const id = backwards ? high - count : low + gap;
    if (backwards) high = id - gap;
    else low = id + count;
    pages.set(id, body(id, count - 1));
    for (let i = 0; i < count; i++) used.add(id + i);
    return id;
  };
  const tree = (entries: readonly TestEntry[], flags: number): number => {
    let level: Built[] = chunks(entries, fanOut).map((chunk) => ({
      id: place(leafOf(chunk, flags)),
      firstKey: chunk[0]?.[0] ?? new Uint8Array(0),
    }));
    while (level.length > 1) {
      level = chunks(level, fanOut).map((children) => ({
        id: place((id, overflow) => page(id, 0x01, overflow, children.map(branchElement))),
        firstKey: children[0]!.firstKey,
      }));
    }
    return level[0]!.id;
  };

  const root = Object.entries(buckets)
    .map(([name, entries]): TestEntry => [Buffer.from(name), bucketValue(entries)])
    .sort(([a], [b]) => Buffer.compare(a, b));
  function bucketValue(entries: readonly TestEntry[]): Buffer {
    const inline = leafOf(entries, 0)(0, 0);
    if (inline.length <= pageSize / 4) return Buffer.concat([Buffer.alloc(16), inline]);
    return Buffer.concat([u64(tree(entries, 0)), Buffer.alloc(8)]);
  }
  const rootId = tree(root, 1);
  let end = backwards ? total : low;
  let freelist = 0xffff_ffff_ffff_ffffn;
  if (syncedFreelist) {
    const id = end;
    const free = Array.from({ length: end }, (_, i) => i).filter((i) => !used.has(i));
    const overflow = Math.floor((16 + 8 * free.length - 1) / pageSize);
    pages.set(id, Buffer.concat([header(id, 0x10, free.length, overflow), ...free.map(u64)]));
    freelist = BigInt(id);
    end += 1 + overflow;
  }
  const image = Buffer.alloc(end * pageSize);
  for (const [id, bytes] of pages) bytes.copy(image, id * pageSize);
  for (const id of [0, 1]) meta(id, pageSize, rootId, freelist, end).copy(image, id * pageSize);
  return trailer ? Buffer.concat([image, createHash('sha256').update(image).digest()]) : image;
}

/** Bytes as a source that answers later, as one behind a network does. */
export function bytesSource(bytes: Uint8Array, name = 'test image'): ByteSource {
  return {
    name,
    size: bytes.length,
    read: async (target, position) => {
      const part = bytes.subarray(Math.min(position, bytes.length), position + target.length);
      target.set(part);
      return part.length;
    },
    close: () => {},
  };
}

function leafOf(entries: readonly TestEntry[], flags: number): (id: number, overflow: number) => Buffer {
  const elements = entries.map((entry) => leafElement(entry, flags));
  return (id, overflow) => page(id, 0x02, overflow, elements);
}

function chunks<T>(list: readonly T[], size: number): T[][] {
  const parts: T[][] = [];
  for (let i = 0; i < list.length; i += size) parts.push(list.slice(i, i + size));
  return parts.length === 0 ? [[]] : parts;
}

function page(id: number, flags: number, overflow: number, elements: readonly Element[]): Buffer {
  const heads: Buffer[] = [];
  let data = elements.length * 16;
  elements.forEach((element, i) => {
    heads.push(element.head(data - i * 16));
    data += element.data.length;
  });
  const bodies = elements.map((element) => element.data);
  return Buffer.concat([header(id, flags, elements.length, overflow), ...heads, ...bodies]);
}

function leafElement([key, value]: TestEntry, flags: number): Element {
  return {
    head: (pos) => Buffer.concat([u32(flags), u32(pos), u32(key.length), u32(value.length)]),
    data: Buffer.concat([key, value]),
  };
}

function branchElement({ id, firstKey }: Built): Element {
  return { head: (pos) => Buffer.concat([u32(pos), u32(firstKey.length), u64(id)]), data: firstKey };
}

function meta(id: number, pageSize: number, root: number, freelist: bigint, pages: number): Buffer {
  const body = Buffer.concat([
    ...[0xed0cdaed, 2, pageSize, 0].map(u32),
    ...[root, 0, freelist, pages, 7 - id].map(u64),
  ]);
  return Buffer.concat([header(id, 0x04, 0, 0), body, u64(fnv1a64(body))]);
}

function header(id: number, flags: number, count: number, overflow: number): Buffer {
  const counts = Buffer.alloc(4);
  counts.writeUInt16LE(flags, 0);
  counts.writeUInt16LE(count, 2);
  return Buffer.concat([u64(id), counts, u32(overflow)]);
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function u64(value: number | bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}
