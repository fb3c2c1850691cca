import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import type { ForeignForm, ForeignSnapshot } from './foreign.ts';
import { readImage } from './read-image.ts';
import { memoryPlace } from './testing/memory-place.ts';
import { rkeZip } from './testing/rke.ts';
import { realSnapshot } from './testing/snapshots.ts';
import { testTar } from './testing/tar.ts';

const db = realSnapshot();

function snapshot(form: ForeignForm, size: number, entry?: string): ForeignSnapshot {
  const takenAt = new Date(0);
  const whose = {
    system: 'etcd',
    node: null,
    cluster: null,
    trigger: null,
    companions: [],
    notes: [],
  } as const;
  const what = { name: 'x', path: 'x', form, size, takenAt, takenAtFrom: 'file', restorable: true } as const;
  return { ...whose, ...what, ...(entry !== undefined && { entry }) };
}

function read(form: ForeignForm, content: Uint8Array, entry?: string, signal?: AbortSignal): Promise<Buffer> {
  const image = readImage(memoryPlace({ x: content }), snapshot(form, content.length, entry), signal);
  return buffer(Readable.from(image));
}

const tar = testTar([
  { name: 'a', content: Buffer.from('a') },
  { name: 'snapshot.db', content: db },
]);

test.each<[ForeignForm, Uint8Array, string?]>([
  ['db', db],
  ['gzip', gzipSync(db)],
  ['zip', rkeZip('snap', db), '/backup/snap'],
  ['tar', tar, 'snapshot.db'],
  ['tar.gz', gzipSync(tar), 'snapshot.db'],
])('the database in a %s is read as it was put there', async (form, content, entry) => {
  expect((await read(form, content, entry)).equals(db)).toBe(true);
});

test('what is damaged is told at the latest at its end', async () => {
  const gz = gzipSync(db);
  await expect(read('gzip', gz.subarray(0, -9))).rejects.toMatchObject({
    code: 'archive-damaged',
    why: 'it is cut off',
  });
  gz[gz.length - 6]! ^= 1;
  await expect(read('gzip', gz)).rejects.toMatchObject({ code: 'archive-damaged' });
});

test.each<[ForeignForm, string?]>([['zip', 'gone'], ['zip'], ['tar', 'gone'], ['v2-backup']])(
  'no database comes of a %s with the entry %s',
  async (form, entry) => {
    const content = form === 'zip' ? rkeZip('snap', db) : tar;
    await expect(read(form, content, entry)).rejects.toMatchObject({
      code: expect.stringMatching(/^(foreign-unusable|archive-damaged)$/),
    });
  },
);

test('it ends with the signal', async () => {
  const signal = AbortSignal.abort(new Error('enough'));
  await expect(read('db', db, undefined, signal)).rejects.toThrow('enough');
});
