import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { limits } from '@holdfast/base';
import { pack } from 'tar-stream';
import { describe, expect, test } from 'vitest';
import { imageInFile } from '../layouts/image-in-file.ts';
import { memoryPlace, type MemoryPlace } from '../testing/memory-place.ts';
import { realSnapshot } from '../testing/snapshots.ts';
import { testTar, type TestTarEntry } from '../testing/tar.ts';
import { listTar, readTarEntry, type TarForm } from './tar.ts';

const content = realSnapshot();
const forms = ['tar', 'tar.gz'] as const;

function placeOf(form: TarForm, tar: Buffer): MemoryPlace {
  return memoryPlace({ a: form === 'tar' ? tar : gzipSync(tar) });
}

async function names(form: TarForm, tar: Buffer): Promise<string[]> {
  const place = placeOf(form, tar);
  return (await listTar(place, place.file('a'), form)).entries.map(({ name }) => name);
}

async function read(form: TarForm, tar: Buffer, name: string): Promise<Buffer> {
  const place = placeOf(form, tar);
  return buffer(Readable.from(readTarEntry(place, place.file('a'), form, name)));
}

describe.each(forms)('a %s', (form) => {
  test('is listed and read, folders left aside', async () => {
    const tar = testTar([
      { name: './', type: '5' },
      { name: './backup/snapshot.db', content },
      { name: 'notes.txt', content: Buffer.from('x') },
    ]);
    expect(await names(form, tar)).toEqual(['./backup/snapshot.db', 'notes.txt']);
    expect((await read(form, tar, './backup/snapshot.db')).equals(content)).toBe(true);
    expect((await read(form, tar, 'notes.txt')).toString()).toBe('x');
  });

  test('with long names of pax, as tar-stream writes it, is read', async () => {
    const name = `${'folder/'.repeat(40)}snapshot-ü.db`;
    const writer = pack();
    writer.entry({ name, size: content.length }, content);
    writer.finalize();
    const tar = await buffer(writer);
    expect(await names(form, tar)).toEqual([name]);
    expect((await read(form, tar, name)).equals(content)).toBe(true);
  });

  test('with a long name of GNU is read', async () => {
    const name = `${'n'.repeat(150)}.db`;
    const tar = testTar([
      { name: '././@LongLink', type: 'L', content: Buffer.from(`${name}\0`) },
      { name: name.slice(0, 99), content },
    ]);
    expect(await names(form, tar)).toEqual([name]);
    expect((await read(form, tar, name)).equals(content)).toBe(true);
  });

  test.each<[string, TestTarEntry[], RegExp]>([
    ['a name that leads outside', [{ name: 'a/../../db' }], /leads outside/],
    [
      'one that does so in a long name',
      [{ name: 'x', type: 'L', content: Buffer.from('../db\0') }, { name: 'db' }],
      /leads outside/,
    ],
    [
      'one that does so in a pax record',
      [{ name: 'x', type: 'x', content: Buffer.from('14 path=../db\n') }, { name: 'db' }],
      /leads outside/,
    ],
    ['a symbolic link', [{ name: 'db', type: '2', link: '/etc/shadow' }], /symbolic link/],
    ['a hard link', [{ name: 'db', type: '1', link: '/etc/shadow' }], /hard link/],
    ['a device', [{ name: 'db', type: '4' }], /device/],
    ['a type that nobody knows', [{ name: 'db', type: 'V' }], /unknown type/],
    ['holes, as GNU writes them', [{ name: 'db', type: 'S' }], /stored with holes/],
    [
      'holes, as pax writes them',
      [{ name: 'x', type: 'x', content: Buffer.from('22 GNU.sparse.major=1\n') }, { name: 'db' }],
      /stored with holes/,
    ],
    ['a name that turns what is read', [{ name: 'a\u202Ebd' }], /control characters/],
    ['two entries of one name', [{ name: 'db' }, { name: 'db' }], /two of that name/],
    ['two of one name that is written in two ways', [{ name: 'db' }, { name: './/db' }], /two of that name/],
    [
      'an entry larger than any database',
      [{ name: 'x', type: 'x', content: Buffer.from('21 size=999999999999\n') }, { name: 'db' }],
      /more than any database/,
    ],
    [
      'more entries than any tool makes',
      Array.from({ length: limits.archiveEntries + 1 }, (_, n) => ({ name: `${n}` })),
      /more than 1000 entries/,
    ],
    ['a long name without an end', [{ name: 'x', type: 'L', size: 1 << 30 }], /too long/],
  ])('with %s is refused', async (_, entries, why) => {
    await expect(names(form, testTar(entries))).rejects.toMatchObject({
      code: 'archive-refused',
      why: expect.stringMatching(why),
    });
  });

  test.each([
    ['within a header', 700],
    ['within a content', 512 + content.length - 600],
  ])('cut off %s is damaged', async (_, end) => {
    const tar = testTar([
      { name: 'db', content },
      { name: 'x', content },
    ]).subarray(0, end);
    await expect(names(form, tar.subarray(0, end))).rejects.toMatchObject({ code: 'archive-damaged' });
    await expect(read(form, tar, 'x')).rejects.toMatchObject({ code: 'archive-damaged' });
  });

  test.each(['-512', '', '0x200', '1e3', ' 512'])('with the size "%s" is damaged', async (size) => {
    const record = `size=${size}\n`;
    const pax = Buffer.from(`${record.length + 3} ${record}`.replace(/^(\d) /, '0$1 '));
    const tar = testTar([
      { name: 'x', type: 'x', content: pax },
      { name: 'db', content },
      { name: 'y', content },
    ]);
    await expect(names(form, tar)).rejects.toMatchObject({
      code: 'archive-damaged',
      why: expect.stringMatching('its size is no number'),
    });
  });

  test('whose header was changed is damaged', async () => {
    const tar = testTar([{ name: 'db', content }]);
    tar[0]! ^= 1;
    await expect(names(form, tar)).rejects.toMatchObject({
      code: 'archive-damaged',
      why: expect.stringContaining('checksum'),
    });
  });
});

test('of a plain tar with many entries each is looked at once', async () => {
  const entries = Array.from({ length: 200 }, (_, n) => ({ name: `${n}`, content: Buffer.alloc(16 * 1024) }));
  const place = memoryPlace({ 'etcd.tar': testTar([...entries, { name: 'db', content }]) });
  expect(await imageInFile(place, place.file('etcd.tar'))).toMatchObject({ form: 'tar', entry: 'db' });
  expect(place.bytesRead).toBeLessThan(202 * 1536 + 4096);
});

test('of a plain tar only the headers are read to list it', async () => {
  const place = memoryPlace({
    a: testTar([
      { name: 'db', content: Buffer.alloc(5 << 20) },
      { name: 'x', content },
    ]),
  });
  expect((await listTar(place, place.file('a'), 'tar')).complete).toBe(true);
  expect(place.bytesRead).toBeLessThan(4096);
});

test('of a large tar.gz the beginning is listed, and that is said', async () => {
  const noise = randomBytes(3 << 20);
  const tar = gzipSync(
    testTar([
      { name: 'db', content },
      { name: 'noise', content: noise },
      { name: 'x', content },
    ]),
  );
  expect(tar.length).toBeGreaterThan(limits.archivePeekBytes);
  const place = memoryPlace({ a: tar });
  const { entries, complete } = await listTar(place, place.file('a'), 'tar.gz');
  expect([entries.map(({ name }) => name), complete]).toEqual([['db', 'noise'], false]);
  expect(place.bytesRead).toBeLessThanOrEqual(limits.archivePeekBytes);
});

test('a bomb is refused before it is unpacked', async () => {
  const bomb = gzipSync(testTar([{ name: 'db', content: Buffer.alloc(40 << 20) }]));
  const place = memoryPlace({ a: bomb });
  let length = 0;
  const reading = (async () => {
    for await (const chunk of readTarEntry(place, place.file('a'), 'tar.gz', 'db')) length += chunk.length;
  })();
  await expect(reading).rejects.toMatchObject({
    code: 'archive-refused',
    why: expect.stringContaining('300th'),
  });
  expect(length).toBeLessThan(20 << 20);
});

test.each([
  ['its checksum', -8],
  ['its length', -4],
])('a gzip of which %s was changed is damaged, which its end tells', async (_, at) => {
  const gz = gzipSync(
    testTar([
      { name: 'db', content },
      { name: 'x', content: Buffer.from('x') },
    ]),
  );
  gz[gz.length + at]! ^= 1;
  const place = memoryPlace({ a: gz });
  const reading = buffer(Readable.from(readTarEntry(place, place.file('a'), 'tar.gz', 'db')));
  await expect(reading).rejects.toMatchObject({ code: 'archive-damaged' });
});
