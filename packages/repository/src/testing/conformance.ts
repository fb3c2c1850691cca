import { isFailure } from '@holdfast/base';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Storage } from '../storage/storage.ts';

const limit = 1024;
const bytes = (text: string): Buffer => Buffer.from(text);

async function read(storage: Storage, key: string, start?: number, end?: number): Promise<string> {
  const range = start === undefined || end === undefined ? undefined : { start, end };
  const chunks: Uint8Array[] = [];
  for await (const chunk of storage.read(key, range)) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

async function keys(storage: Storage, folder = ''): Promise<string[]> {
  const found: string[] = [];
  for await (const { key } of storage.list(folder)) found.push(key);
  return found;
}

async function write(storage: Storage, key: string, ...parts: string[]): Promise<boolean> {
  const writer = await storage.create(key);
  for (const part of parts) await writer.write(bytes(part));
  return writer.place();
}

/** What every storage must do. `make` gives a new and empty one for each test; `runs` are those of the property. */
export function describeStorage(name: string, make: () => Promise<Storage>, runs = 30): void {
  describe(`${name} is a storage:`, () => {
    smallObjects(make);
    largeObjects(make);
    listing(make);

    test('what is no key is refused before anything happens', async () => {
      const storage = await make();
      for (const key of ['', '/a', 'a/', 'a//b', '../a', 'a/../b', 'a/./b', '.a', 'a\0', 'a\\b', '\ud800']) {
        await expect(storage.put(key, bytes('x'))).rejects.toThrow(RangeError);
        await expect(storage.create(key)).rejects.toThrow(RangeError);
        await expect(storage.get(key, limit)).rejects.toThrow(RangeError);
        await expect(read(storage, key)).rejects.toThrow(RangeError);
        await expect(storage.stat(key)).rejects.toThrow(RangeError);
        await expect(storage.delete(key)).rejects.toThrow(RangeError);
        expect(() => storage.localPath(key)).toThrow(RangeError);
      }
      expect(await storage.isEmpty()).toBe(true);
    });

    test('whatever is put and deleted, it holds what a map would hold', async () => {
      const key = fc.constantFrom('a', 'b/c', 'b/d', 'b/e/f', 'b/e/g');
      const step = fc.record({
        act: fc.constantFrom('put', 'write', 'delete'),
        key,
        text: fc.string({ maxLength: 9 }),
      });
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
          const [storage, model] = [await make(), new Map<string, string>()];
          for (const { act, key, text } of steps) {
            const free = !model.has(key);
            if (act === 'delete') expect(await storage.delete(key)).toBe(model.delete(key));
            else {
              const done = act === 'put' ? storage.put(key, bytes(text)) : write(storage, key, text);
              expect(await done).toBe(free);
              if (free) model.set(key, text);
            }
          }
          expect((await keys(storage)).sort()).toEqual([...model.keys()].sort());
          for (const [key, text] of model) expect(await read(storage, key)).toBe(text);
        }),
        { numRuns: runs },
      );
    });
  });
}

function smallObjects(make: () => Promise<Storage>): void {
  test('a small object is read back as it was put', async () => {
    const storage = await make();
    expect(await storage.isEmpty()).toBe(true);
    expect(await storage.get('a/b', limit)).toBeUndefined();
    expect(await storage.stat('a/b')).toBeUndefined();
    expect(await storage.put('a/b', bytes('one'))).toBe(true);
    expect(await storage.put('empty', bytes(''))).toBe(true);
    expect(Buffer.from((await storage.get('a/b', limit)) ?? []).toString()).toBe('one');
    expect((await storage.get('empty', limit))?.length).toBe(0);
    expect(await storage.stat('a/b')).toMatchObject({ key: 'a/b', size: 3, modifiedAt: expect.any(Date) });
    expect(await storage.stat('a')).toBeUndefined();
    expect(await storage.isEmpty()).toBe(false);
  });

  test('a key is written once', async () => {
    const storage = await make();
    await storage.put('k', bytes('first'));
    expect(await storage.put('k', bytes('second'))).toBe(false);
    expect(await read(storage, 'k')).toBe('first');
  });

  test('of many who put one key at once, one wins and its bytes are there', async () => {
    const storage = await make();
    const wins = await Promise.all(Array.from('abcdefgh').map((text) => storage.put('x/k', bytes(text))));
    expect(wins.filter(Boolean)).toHaveLength(1);
    expect(await read(storage, 'x/k')).toBe('abcdefgh'[wins.indexOf(true)]);
  });

  test('more bytes than a reader admits are refused', async () => {
    const storage = await make();
    await storage.put('k', Buffer.alloc(limit + 1));
    expect(
      isFailure(await storage.get('k', limit).catch((error: unknown) => error), 'manifest-damaged'),
    ).toBe(true);
    expect(await storage.get('k', limit + 1)).toHaveLength(limit + 1);
  });

  test('a deleted object is gone, and its key free', async () => {
    const storage = await make();
    await storage.put('a/b/c', bytes('x'));
    await storage.put('a/d', bytes('y'));
    expect(await storage.delete('a/b/c')).toBe(true);
    expect(await storage.delete('a/b/c')).toBe(false);
    expect(await keys(storage)).toEqual(['a/d']);
    expect(await storage.put('a/b/c', bytes('z'))).toBe(true);
  });
}

function largeObjects(make: () => Promise<Storage>): void {
  test('a large object is invisible until it is placed, then whole', async () => {
    const storage = await make();
    const writer = await storage.create('big/one');
    const block = Buffer.alloc(1 << 20, 'a');
    await writer.write(block);
    block.fill('b');
    await writer.write(block);
    await writer.sync();
    await writer.write(bytes('end'));
    expect(await keys(storage)).toEqual([]);
    expect(await storage.stat('big/one')).toBeUndefined();
    expect(await writer.place()).toBe(true);
    await writer.discard();
    expect(await storage.stat('big/one')).toMatchObject({ size: (2 << 20) + 3 });
    expect(await read(storage, 'big/one', (1 << 20) - 2, (1 << 20) + 2)).toBe('aabb');
    expect(await read(storage, 'big/one', (2 << 20) - 1, (2 << 20) + 99)).toBe('bend');
  });

  test('a large object does not replace another', async () => {
    const storage = await make();
    const [first, second] = [await storage.create('k'), await storage.create('k')];
    await first.write(bytes('first'));
    await second.write(bytes('second'));
    expect(await second.place()).toBe(true);
    expect(await first.place()).toBe(false);
    expect(await read(storage, 'k')).toBe('second');
    expect(await storage.put('k', bytes('third'))).toBe(false);
  });

  test('a large object that was begun and written once more is whole, where that is known and where it is not', async () => {
    const storage = await make();
    const content = Buffer.alloc(6 << 20, 'abc');
    const first = await storage.create('k');
    await first.write(content);
    await first.sync();
    const second = await storage.create('k', first.resume ?? 'nothing that anybody knows');
    await second.write(content);
    expect(await second.place()).toBe(true);
    expect(await read(storage, 'k')).toBe(content.toString());
    await first.discard();
    expect(await storage.stat('k')).toMatchObject({ size: 6 << 20 });
  });

  test('what is discarded leaves nothing', async () => {
    const storage = await make();
    const writer = await storage.create('k');
    await writer.write(bytes('x'));
    await writer.discard();
    await writer.discard();
    expect(await storage.isEmpty()).toBe(true);
    expect(await storage.removeStale(new Date(8.64e15))).toBe(0);
  });

  test('a stale unplaced object is removed, one that is still written is not', async () => {
    const storage = await make();
    // A bucket removes only what is a repository's.
    const writer = await storage.create('clusters/c/snapshots/n/snapshot.db');
    await writer.write(bytes('x'));
    await writer.sync();
    expect(await storage.removeStale(new Date(0))).toBe(0);
    expect(await storage.removeStale(new Date(8.64e15))).toBe(1);
    await expect(writer.place()).rejects.toMatchObject({ code: 'file-unwritable' });
    expect(await keys(storage)).toEqual([]);
  });
}

function listing(make: () => Promise<Storage>): void {
  test('a folder lists what is below it and nothing beside it', async () => {
    const storage = await make();
    expect(await keys(storage)).toEqual([]);
    expect(await keys(storage, 'a')).toEqual([]);
    for (const key of ['a/2', 'a/1', 'a/b/c', 'ab/1', 'z']) await storage.put(key, bytes(key));
    expect(await keys(storage, 'a')).toEqual(['a/1', 'a/2', 'a/b/c']);
    expect((await keys(storage)).sort()).toEqual(['a/1', 'a/2', 'a/b/c', 'ab/1', 'z']);
    expect(await keys(storage, 'z')).toEqual([]);
    for await (const { key, size } of storage.list('')) expect(size).toBe(key.length);
  });

  test('keys of all kinds come back as they were', async () => {
    const storage = await make();
    const odd = [
      'a b',
      'a+b',
      'a:b',
      'a%20b',
      'ä/ö 𝒳',
      "q'(x)!*",
      'x=1&y=2?z#',
      '2026-11-20T12:00:00+01:00~@,;$',
    ];
    for (const key of odd) expect(await storage.put(key, bytes(key))).toBe(true);
    expect((await keys(storage)).sort()).toEqual([...odd].sort());
    for (const key of odd) expect(await read(storage, key)).toBe(key);
    for (const key of odd) expect(await storage.delete(key)).toBe(true);
  });

  test('a missing object cannot be read', async () => {
    const storage = await make();
    await expect(read(storage, 'k')).rejects.toMatchObject({ code: 'file-unreadable' });
  });
}
