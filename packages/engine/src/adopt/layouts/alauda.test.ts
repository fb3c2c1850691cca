import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { recognised } from '../testing/recognised.ts';
import { realSnapshot } from '../testing/snapshots.ts';
import { testTar } from '../testing/tar.ts';
import { alauda } from './alauda.ts';

const db = realSnapshot('3.4.23');
const name = 'snapshot-etcd-20260703-000005-10.0.0.7.tar';

test.each([
  ['a tar', testTar([{ name: 'snapshot.db', content: db }]), 'tar', 'snapshot.db'],
  [
    'a tar with folders',
    testTar([
      { name: './a/', type: '5' },
      { name: './a/x.db', content: db },
    ]),
    'tar',
    './a/x.db',
  ],
  ['a compressed tar', gzipSync(testTar([{ name: 'etcd.db', content: db }])), 'tar.gz', 'etcd.db'],
  ['the database itself', db, 'db', undefined],
  ['the database, compressed', gzipSync(db), 'gzip', undefined],
])('%s under a name of Alauda’s is one of the node with that IP', async (_, content, form, entry) => {
  const { snapshots, taken, images } = await recognised(alauda, { [`cpaas/${name}`]: content });
  expect(snapshots).toEqual([
    {
      system: 'alauda',
      name,
      path: `cpaas/${name}`,
      form,
      ...(entry !== undefined && { entry }),
      size: content.length,
      takenAt: new Date('2026-07-03T00:00:05Z'),
      takenAtFrom: 'name',
      node: '10.0.0.7',
      cluster: null,
      trigger: null,
      companions: [],
      restorable: true,
      notes: [],
    },
  ]);
  expect(taken).toEqual([`cpaas/${name}`]);
  expect(images.map((image) => image.equals(db))).toEqual([true]);
});

test.each([
  ['is empty', Buffer.alloc(0), 'The file is empty.'],
  [
    'holds something else',
    testTar([{ name: 'a', content: Buffer.from('x') }]),
    'There is no database of etcd in it.',
  ],
  ['is cut off', testTar([{ name: 'a', content: db }]).subarray(0, 20_000), 'The tar is damaged'],
  ['leads outside', testTar([{ name: '../a', content: db }]), 'The tar is refused'],
])('a file that %s is listed, and why nothing can be restored from it', async (_, content, note) => {
  const { snapshots } = await recognised(alauda, { [name]: content });
  expect(snapshots).toMatchObject([{ restorable: false, node: '10.0.0.7' }]);
  expect(snapshots[0]!.notes[0]).toContain(note);
});

test('other names are not taken', async () => {
  const files = { 'snapshot-etcd-20261303-000005-10.0.0.7.tar': db, 'etcd-snapshot-10.0.0.7.tar': db };
  expect((await recognised(alauda, files)).taken).toEqual([]);
});
