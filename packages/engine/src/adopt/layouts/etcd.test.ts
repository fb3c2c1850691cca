import { buffer } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { imageSize } from '@holdfast/etcd/snapshot';
import { expect, test } from 'vitest';
import { readImage } from '../read-image.ts';
import { memoryPlace } from '../testing/memory-place.ts';
import { recognised } from '../testing/recognised.ts';
import { realSnapshot } from '../testing/snapshots.ts';
import { testTar } from '../testing/tar.ts';
import { testZip } from '../testing/zip.ts';
import { etcd } from './etcd.ts';

const db = realSnapshot('3.5.35');
const copied = db.subarray(0, imageSize(db.length));
const noTrailer = expect.stringContaining('lacks the SHA-256');

test.each([
  ['nightly.db', db, 'db', []],
  ['whatever', db, 'db', []],
  ['db', copied, 'db', [noTrailer]],
  ['nightly.db.gz', gzipSync(db), 'gzip', []],
  ['db.gz', gzipSync(copied), 'gzip', [noTrailer]],
  ['cron.zip', testZip([{ name: 'etcd.db', content: db }]), 'zip', []],
  ['cron.tar', testTar([{ name: 'etcd.db', content: copied }]), 'tar', [noTrailer]],
  [
    'cron.tgz',
    gzipSync(
      testTar([
        { name: 'pki/ca.crt', content: Buffer.from('x') },
        { name: 'e.db', content: db },
      ]),
    ),
    'tar.gz',
    [],
  ],
])('%s is a database by its content', async (name, content, form, notes) => {
  const modifiedAt = new Date('2026-03-04T05:06:07Z');
  const { snapshots, images } = await recognised(etcd, { [`a/${name}`]: { content, modifiedAt } });
  expect(snapshots).toMatchObject([
    {
      system: 'etcd',
      name,
      path: `a/${name}`,
      form,
      takenAt: modifiedAt,
      takenAtFrom: 'file',
      restorable: true,
      notes,
    },
  ]);
  expect(images[0]!.equals(notes.length === 0 ? db : copied)).toBe(true);
});

test('a time in the name counts more than the file’s', async () => {
  const { snapshots } = await recognised(etcd, { 'daily-m1-1700000000.db': db });
  expect(snapshots).toMatchObject([{ takenAt: new Date(1_700_000_000_000), takenAtFrom: 'name' }]);
});

test('an archive that cannot be read is listed if its name is one of a database, and else unknown', async () => {
  const zip = testZip([{ name: 'etcd.db', content: db }]);
  const cut = zip.subarray(0, zip.length - 100);
  const { snapshots, taken } = await recognised(etcd, { 'etcd-1.zip': cut, 'photos.zip': cut });
  expect(taken).toEqual(['etcd-1.zip']);
  expect(snapshots).toMatchObject([{ restorable: false, notes: [expect.stringContaining('cut off')] }]);
});

test('an archive of which no entry can be read says so, and is not passed off as something else', async () => {
  const content = testZip([{ name: 'etcd.db', content: db }]);
  // The size that is said to be stored reaches beyond the end.
  content.writeUInt32LE(0x00ff_ffff, content.indexOf('PK\x01\x02', 'latin1') + 20);
  const { snapshots } = await recognised(etcd, { 'etcd-1.zip': content });
  expect(snapshots).toMatchObject([{ restorable: false, notes: [expect.stringContaining('is damaged')] }]);
});

test('a size that is neither a snapshot’s nor a database’s is told', async () => {
  const { snapshots } = await recognised(etcd, { 'etcd.db': Buffer.concat([db, Buffer.from('\n')]) });
  expect(snapshots).toMatchObject([{ notes: [expect.stringContaining('was cut off or added')] }]);
});

test('a gzip that is cut off says so', async () => {
  const whole = gzipSync(copied);
  const place = memoryPlace({ 'a.gz': whole.subarray(0, whole.length - 100) });
  const { snapshots } = await etcd.recognise(place, place.files());
  expect(snapshots).toMatchObject([
    { form: 'gzip', notes: [expect.stringContaining('does not tell the size')] },
  ]);
  await expect(buffer(readImage(place, snapshots[0]!))).rejects.toMatchObject({ code: 'archive-damaged' });
});

test('a database that is cut off or has no head is listed and not restorable', async () => {
  const headless = Buffer.from(copied);
  headless.fill(0, 64, 72);
  headless.fill(0, 4096 + 64, 4096 + 72);
  const { snapshots } = await recognised(etcd, { cut: copied.subarray(0, 8192), headless });
  expect(snapshots.map(({ restorable, notes }) => [restorable, notes[0]])).toEqual([
    [false, expect.stringContaining('is cut off')],
    [false, expect.stringContaining('heads')],
  ]);
});

test('an archive with several databases says which one is taken', async () => {
  const content = testTar([
    { name: 'a/db', content: copied },
    { name: 'b/db', content: copied },
  ]);
  const { snapshots } = await recognised(etcd, { 'all.tar': content });
  expect(snapshots[0]!).toMatchObject({ entry: 'a/db', restorable: true });
  expect(snapshots[0]!.notes.at(-1)).toBe('It holds 2 databases, and the first one is taken: a/db.');
});

test('a whole data directory is one snapshot, and a file beside it another', async () => {
  const wal = Buffer.alloc(600);
  const { snapshots, taken } = await recognised(etcd, {
    'old/member/snap/db': { content: copied, modifiedAt: new Date(1000) },
    'old/member/wal/0000000000000000-0000000000000000.wal': { content: wal, modifiedAt: new Date(3000) },
    'old/member/wal/0.tmp': wal,
    'beside.db': db,
    'notes.txt': Buffer.from('x'),
  });
  expect(snapshots).toMatchObject([
    { name: 'old', path: 'old', form: 'datadir', takenAt: new Date(3000), restorable: true },
    { name: 'beside.db' },
  ]);
  expect(taken).toHaveLength(4);
});

test('the place itself may be one', async () => {
  const { snapshots } = await recognised(etcd, { 'member/snap/db': copied });
  expect(snapshots).toMatchObject([
    { name: 'backups', path: '.', form: 'datadir', notes: [expect.stringContaining('log is missing')] },
  ]);
});
