import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { recognised } from '../testing/recognised.ts';
import { realSnapshot } from '../testing/snapshots.ts';
import { gardener } from './gardener.ts';

const db = realSnapshot('3.4.23');

test('full objects are restorable as they are and compressed by gzip', async () => {
  const { snapshots, images, taken } = await recognised(gardener, {
    'etcd-main/v2/Full-00000000-00010312-1639984440': db,
    'etcd-main/v2/Full-00000000-00010500-1639988040.gz.final': gzipSync(db),
    'etcd-main/v2/other': db,
  });
  expect(snapshots).toMatchObject([
    {
      name: 'Full-00000000-00010312-1639984440',
      form: 'db',
      takenAt: new Date(1_639_984_440_000),
      restorable: true,
      notes: [],
    },
    { name: 'Full-00000000-00010500-1639988040.gz.final', form: 'gzip', restorable: true, notes: [] },
  ]);
  expect(images.map((image) => image.equals(db))).toEqual([true, true]);
  expect(taken).toHaveLength(2);
});

test.each([
  ['Incr-00010313-00010500-1639984740.gz', gzipSync('[]'), 'the changes of revisions 10313 to 10500'],
  ['Full-00000000-00010312-1639984440.Z', Buffer.from([0x1f, 0x9d, 0x90]), 'compressed by LZW'],
  ['Full-00000000-00010312-1639984440', Buffer.from('half'), 'no database'],
])('%s is listed, with what can be done', async (name, content, note) => {
  const { snapshots } = await recognised(gardener, { [`v2/${name}`]: content });
  expect(snapshots).toMatchObject([{ name, restorable: false, takenAtFrom: 'name' }]);
  expect(snapshots[0]!.notes).toEqual([expect.stringContaining(note)]);
});
