import { buffer } from 'node:stream/consumers';
import { Readable } from 'node:stream';
import { limits } from '@holdfast/base';
import { describe, expect, test } from 'vitest';
import { zipStream } from '../../give-back/zip-stream.ts';
import { memoryPlace } from '../testing/memory-place.ts';
import { rkeState, rkeZip } from '../testing/rke.ts';
import { realSnapshot } from '../testing/snapshots.ts';
import { testZip, type TestZipEntry } from '../testing/zip.ts';
import { openZip } from './zip.ts';

const content = realSnapshot();

/** Opens a zip and reads all that is in it. */
async function readAll(zip: Uint8Array): Promise<Record<string, Buffer>> {
  const place = memoryPlace({ 'a.zip': zip });
  const archive = await openZip(place, place.file('a.zip'));
  const all: Record<string, Buffer> = {};
  for (const entry of archive.entries) all[entry.name] = await buffer(Readable.from(archive.read(entry)));
  return all;
}

const one = (entry: Partial<TestZipEntry>): Buffer => testZip([{ name: 'db', content, ...entry }]);

test("the absolute names of RKE's zips are read, and shown by their last part", async () => {
  const place = memoryPlace({ 'a.zip': rkeZip('snap', content) });
  const archive = await openZip(place, place.file('a.zip'));
  expect(archive.entries).toMatchObject([
    { name: '/backup/snap', base: 'snap', size: content.length },
    { name: '/etc/kubernetes/snap.rkestate', base: 'snap.rkestate' },
  ]);
  expect(await readAll(rkeZip('snap', content))).toEqual({
    '/backup/snap': content,
    '/etc/kubernetes/snap.rkestate': rkeState,
  });
});

test('what is not compressed is read as well, and a folder is none of the entries', async () => {
  const zip = testZip([
    { name: 'folder/', content: Buffer.alloc(0), mode: 0o40700 },
    { name: 'folder/db', content, stored: true },
  ]);
  expect(Object.keys(await readAll(zip))).toEqual(['folder/db']);
});

test.each([true, false])(
  'a zip that was written as a stream is read, with sizes of 64 bits: %s',
  async (wide) => {
    const entry = { name: '/backup/snap', modifiedAt: new Date(0), content: [content] };
    const zip = await buffer(Readable.from(zipStream([entry], { wide })));
    expect(await readAll(zip)).toEqual({ '/backup/snap': content });
  },
);

test('of a large zip only its directory and the asked entry are read', async () => {
  const large = Buffer.alloc(5 << 20, 'x');
  const place = memoryPlace({
    'a.zip': testZip([
      { name: 'large', content: large, stored: true },
      { name: 'db', content },
    ]),
  });
  const archive = await openZip(place, place.file('a.zip'));
  await buffer(Readable.from(archive.read(archive.entries[1]!)));
  expect(place.bytesRead).toBeLessThan(128 * 1024);
});

describe('a hostile zip is refused:', () => {
  test.each<[string, Buffer, RegExp]>([
    ['a name that leads outside', one({ name: '../db' }), /"\.\.\/db" in it: its name leads outside/],
    ['one that does so further on', one({ name: '/backup/../../etc/passwd' }), /leads outside/],
    ['a backslash', one({ name: String.raw`..\db` }), /backslash/],
    ['a control character', one({ name: 'd\u0007b' }), /control characters/],
    ['an empty name', one({ name: '' }), /name is empty/],
    ['a symbolic link', one({ mode: 0o120777, content: Buffer.from('/etc/shadow') }), /symbolic link/],
    ['a device', one({ mode: 0o060600 }), /device/],
    ['a pipe', one({ mode: 0o010600 }), /pipe/],
    ['encryption', one({ encrypted: true }), /encrypted/],
    [
      'two entries of one name',
      testZip([
        { name: 'db', content },
        { name: 'db', content },
      ]),
      /two of that name/,
    ],
    [
      'two of one name that is written in two ways',
      testZip([
        { name: '/backup/db', content },
        { name: 'backup/./db', content },
      ]),
      /two of that name/,
    ],
    [
      'two entries in the same bytes',
      testZip([
        { name: 'db', content },
        { name: 'da', content, offset: 0 },
      ]),
      /same bytes/,
    ],
    [
      'more entries than any tool makes',
      testZip(
        Array.from({ length: limits.archiveEntries + 1 }, (_, n) => ({
          name: `${n}`,
          content: Buffer.alloc(0),
        })),
      ),
      /1001 entries/,
    ],
    ['a bomb that says so', one({ content: Buffer.alloc(limits.archiveRatioFromBytes + 1) }), /300th/],
    ['an entry larger than any database', one({ size: 0xfffffff0 }), /300th/],
  ])('%s', async (_, zip, why) => {
    await expect(readAll(zip)).rejects.toMatchObject({
      code: 'archive-refused',
      why: expect.stringMatching(why),
      details: { path: '/backups/a.zip' },
    });
  });
});

describe('a damaged zip is told as such:', () => {
  const whole = one({});
  const flipped = Buffer.from(whole);
  flipped[200]! ^= 0x40;
  test.each<[string, Buffer, RegExp]>([
    ['cut off at its end', whole.subarray(0, -30), /./],
    ['cut off in its middle', whole.subarray(0, whole.length >> 1), /end of central directory/i],
    ['another CRC-32', one({ crc: 1 }), /CRC-32/],
    [
      'more bytes than announced, as of a bomb that hides',
      one({ content: Buffer.alloc(1 << 20), size: 100 }),
      /bytes/,
    ],
    ['fewer bytes than announced', one({ size: content.length + 1 }), /bytes/],
    ['a byte that was changed', flipped, /./],
    ['nothing but an end', Buffer.from('PK\x05\x06', 'latin1'), /./],
  ])('%s', async (_, zip, why) => {
    await expect(readAll(zip)).rejects.toMatchObject({
      code: 'archive-damaged',
      why: expect.stringMatching(why),
    });
  });

  test('whichever byte of its directory or its headers was changed, nothing but a failure comes of it', async () => {
    for (let at = whole.length - 70; at < whole.length; at += 1) {
      const changed = Buffer.from(whole);
      changed[at]! ^= 0xff;
      await readAll(changed).catch((error: unknown) => {
        expect(error).toMatchObject({ code: expect.stringMatching(/^archive-(refused|damaged)$/) });
      });
    }
  });
});

test('what its place throws is not taken for damage', async () => {
  const place = memoryPlace({});
  await expect(openZip(place, { path: 'gone.zip', size: 1000 })).rejects.toMatchObject({
    code: 'file-unreadable',
  });
});
