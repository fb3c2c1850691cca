import { expect, test } from 'vitest';
import { recognised } from '../testing/recognised.ts';
import { realSnapshot } from '../testing/snapshots.ts';
import { rancher16 } from './rancher16.ts';

const name = '2018-04-09T15:03:54Z_etcd_1';
const snap = Buffer.alloc(700, 'snap');
const wal = Buffer.alloc(900, 'wal');

test('a folder of etcd 2 is listed with what can be done, and holds all of its files', async () => {
  const { snapshots, taken } = await recognised(rancher16, {
    [`backups/${name}/member/snap/0000000000000003-000000000000271a.snap`]: snap,
    [`backups/${name}/member/wal/0000000000000000-0000000000000000.wal`]: wal,
    'backups/notes': wal,
  });
  expect(snapshots).toEqual([
    {
      system: 'rancher-1.6',
      name,
      path: `backups/${name}`,
      form: 'v2-backup',
      size: 1600,
      takenAt: new Date('2018-04-09T15:03:54Z'),
      takenAtFrom: 'name',
      node: '1',
      cluster: null,
      trigger: 'recurring',
      companions: [],
      restorable: false,
      notes: [expect.stringContaining('store of etcd 2'), expect.stringContaining('etcdctl migrate')],
    },
  ]);
  expect(taken).toHaveLength(2);
});

const withDb = (folder: string) => ({
  [`${folder}/member/wal/0000000000000000-0000000000000000.wal`]: wal,
  [`${folder}/member/snap/db`]: realSnapshot('3.4.23'),
});

test('one with a database of etcd 3 is restorable, and one with nothing but a raft snapshot is none', async () => {
  const { snapshots } = await recognised(rancher16, { ...withDb(name), ...withDb('data.current') });
  expect(snapshots).toMatchObject([{ name, form: 'datadir', restorable: true }]);
  const rest = { [`${name}/member/snap/0000000000000003-000000000000271a.snap`]: snap };
  expect((await recognised(rancher16, rest)).snapshots).toMatchObject([
    { restorable: false, notes: ['It has neither a database nor a log.'] },
  ]);
});
